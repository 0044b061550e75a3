import { describe, expect, it } from '@jest/globals';
import { EVENTS, eventIdOf, refusal, type EventDraft } from '@countersign/contracts';
import { decideApproved, decideEnding, placeOf } from './decide.js';
import { aboutOf, givenRecord, givenRow, givenWarrant, NOW } from './given.spec-support.js';
import type { Ending } from './state.js';

const states = { get: () => undefined };
const warrant = givenWarrant();
const about = aboutOf(warrant);

describe('a warrant on decisions', () => {
  const incoming = givenRecord(warrant);

  it("becomes one work row under its jti when policy's signature was found good", () => {
    const judged = { ok: true, tag: 'warrant', packed: 'a signed event', target: 'helpdesk' } as const;
    const facts = new Map([[placeOf(incoming), judged]]);
    const body = { warrant: 'a signed event' };
    expect(decideApproved(incoming, states, facts)).toEqual([
      { do: 'work', work: { id: warrant.jti, kind: 'grant', target: 'helpdesk', tenant: 'acme', body } },
    ]);
  });

  it('is ignored when it is not, and when nobody looked', () => {
    const facts = new Map([[placeOf(incoming), { ok: false as const, because: 'signed by nobody' }]]);
    expect(decideApproved(incoming, states, facts)).toEqual([{ do: 'ignore', because: 'signed by nobody' }]);
    expect(decideApproved(incoming, states, new Map())).toEqual([
      { do: 'ignore', because: 'its signature was not judged' },
    ]);
  });
});

describe('an ending', () => {
  const preview = { effect: { amount: '18.00' }, basis: { orderVersion: 1 }, digest: 'd' };
  const no = refusal('NOT_FOUND', 'no such order');
  const read = { system: 'desk', type: 'order', id: 'ord_1', version: '2', at: NOW.toISOString() };
  const done = { holds: true, statement: 'It stands.', detail: 'ref_1 is there', checked: [read] };
  const committed = { result: { refundId: 'r' }, recordsRead: [], recordsChanged: [] };
  const member = { sub: 'bob', roles: ['support-lead'], active: true, system: 'desk', at: NOW.toISOString() };
  const endings: [Ending, string, object][] = [
    [{ tag: 'read', result: { id: 'x' }, recordsRead: [] }, 'read', { result: { id: 'x' } }],
    [{ tag: 'previewed', preview, recordsRead: [] }, 'previewed', { preview }],
    [{ tag: 'drafted', preview, recordsRead: [] }, 'drafted', { preview }],
    [
      { tag: 'committed', result: { refundId: 'r' }, recordsRead: [], recordsChanged: [] },
      'committed',
      { result: { refundId: 'r' }, recordsChanged: [], idempotencyKey: warrant.idempotencyKey },
    ],
    [{ tag: 'failed', refusal: no, recordsRead: [] }, 'failed', no],
    [{ tag: 'returned', refusal: no, preview, recordsRead: [] }, 'returned', { ...no, preview }],
    [{ tag: 'blocked', refusal: no }, 'blocked', no],
    [{ tag: 'in-doubt', refusal: no, known: 'no answer' }, 'in-doubt', { ...no, known: 'no answer' }],
    [
      { tag: 'resolved', outcome: 'failed', by: 'lookup', detail: 'nothing found' },
      'resolved',
      { outcome: 'failed', by: 'lookup', result: null, recordsChanged: [] },
    ],
    [
      {
        tag: 'resolved',
        outcome: 'committed',
        by: 'lookup',
        detail: 'found',
        committed: { ...committed, done },
        recordsRead: [read],
      },
      'resolved',
      { outcome: 'committed', ...committed, done, recordsRead: [read] },
    ],
    [
      { tag: 'in-doubt', refusal: no, known: 'no answer', recordsRead: [read] },
      'in-doubt',
      { ...no, known: 'no answer', recordsRead: [read] },
    ],
    [
      { tag: 'previewed', preview, recordsRead: [read], people: [member] },
      'previewed',
      { preview, recordsRead: [read], people: [member] },
    ],
    [
      { tag: 'failed', refusal: { ...no, auditCode: 'TENANT_MISMATCH' }, recordsRead: [] },
      'failed',
      { ...no, auditCode: 'TENANT_MISMATCH' },
    ],
  ];

  it.each(endings)('%j is published as the event of its name, fit for its contract', (ending, name, data) => {
    const [effect] = decideEnding(givenRow(warrant), { ending, about, attempts: 2 }, states, NOW);
    const { event } = effect as { event: EventDraft };
    const type = `countersign.action.${name}.v1` as EventDraft['type'];
    expect(event).toMatchObject({
      type,
      id: eventIdOf(type, warrant.jti),
      time: NOW.toISOString(),
      subject: warrant.actionId,
      tenantid: 'acme',
      actorid: 'alice',
      session: 's-1',
      correlationid: warrant.intentId,
      causationid: about.cause,
      data: { jti: warrant.jti, grant: 'commit', attempts: 2, ...data },
    });
    expect(EVENTS[type].data.safeParse(event.data)).toMatchObject({ success: true });
  });

  it('of a warrant that no longer verifies says nothing', () => {
    const ending: Ending = { tag: 'void', because: 'the signature does not match' };
    expect(decideEnding(givenRow(warrant), { ending, attempts: 1 }, states, NOW)).toEqual([
      { do: 'ignore', because: 'the signature does not match' },
    ]);
  });
});

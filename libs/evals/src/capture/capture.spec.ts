import { describe, expect, it } from '@jest/globals';
import type { AnyEvent, EventData, EventType, IncidentCause, JsonObject } from '@countersign/contracts';
import { SHAPES } from '@countersign/evidence/shapes';
import { shapesIn } from '@countersign/sealing';
import { evalCaseOf, type EvalCase } from '../case-file.js';
import { casesOf } from '../find-cases.js';
import { captureCase, NoCase } from './capture.js';

const TOKEN = (n: number) => `tok_${String(n).padStart(32, '0')}`;
const sealed = (n: number) => ({ $sealed: { token: TOKEN(n), class: 'personal' as const, box: 'AAEC' } });
const event = <T extends EventType>(type: T, data: Partial<EventData<T>>) =>
  ({
    type,
    id: `evt_${type}`,
    data: { intentId: 'int_1', actionId: 'act_1', tenant: 'acme', ...data },
  }) as unknown as AnyEvent;
const read = (type: string, id: string) => ({ system: 'desk', type, id, version: '3', at: '2026-01-01T00:00:00Z' });
const money = (amount: string) => ({ amount, currency: 'EUR' });
const ORDER = { id: 'ord_1', version: 3, customerId: 'cus_1', total: money('54.00'), refunded: money('0.00') };
const REFUND = { orderId: 'ord_1', amount: '40.00', currency: 'EUR', reason: 'Late.' };

const asked = event('countersign.intent.accepted.v1', {
  kind: 'intent',
  workflow: 'desk',
  actor: { sub: 'alice', tenant: 'acme', roles: ['support-agent'] },
  text: `Refund ord_1 for ${TOKEN(2)}`,
});
const called = (turn: number, response: JsonObject | null, more: object = {}) =>
  event('countersign.model.called.v1', { turn, response, attempts: 1, ...more });
const calls = (turn: number, name: string, args: object | string) =>
  called(turn, {
    content: null,
    toolCalls: [{ id: 'c', name, arguments: typeof args === 'string' ? args : JSON.stringify(args) }],
    finishReason: 'tool_calls',
  });
const gotOrder = (fields: object = {}) =>
  event('countersign.action.read.v1', {
    actionId: 'act_0',
    tool: 'get_order',
    recordsRead: [read('order', 'ord_1')],
    result: { ...ORDER, ...fields },
  });
const gotCustomer = event('countersign.action.read.v1', {
  actionId: 'act_9',
  tool: 'get_customer',
  recordsRead: [read('customer', 'cus_1')],
  result: { id: 'cus_1', version: 1, name: sealed(1), email: sealed(2), phone: null },
});
const decided = { workflow: 'desk', tool: 'issue_refund', facts: { stage: 'scoped', switches: [] } };
const approved = event('countersign.action.approved.v1', { ...decided, grant: 'commit' });
const escalated = event('countersign.action.escalated.v1', decided);
const person = (said: 'granted' | 'rejected' | 'edited', sub: string, more: object = {}) =>
  event(`countersign.approval.${said}.v1`, { approver: { sub, roles: ['support-lead'] }, reason: 'seen', ...more });
const committed = (before: object = ORDER, done = true) =>
  event('countersign.action.committed.v1', {
    tool: 'issue_refund',
    recordsRead: [],
    recordsChanged: [
      {
        ...read('order', 'ord_1'),
        version: '4',
        before: before as JsonObject,
        after: { ...ORDER, refunded: money('40.00') },
      },
      { ...read('refund', 'ref_1'), version: '1', before: null, after: { id: 'ref_1', amount: money('40.00') } },
    ],
    done: { holds: done, statement: 's', detail: 'd', checked: [] },
  } as never);

const SMALL = [
  asked,
  calls(0, 'get_order', { orderId: 'ord_1' }),
  gotOrder(),
  calls(1, 'issue_refund', REFUND),
  approved,
  committed(),
];
const APPROVED = [...SMALL.slice(0, 4), escalated, person('granted', 'bob'), approved, committed()];

const captured = (events: AnyEvent[], cause: IncidentCause = 'opened', actionId: string | undefined = 'act_1') => {
  const made = captureCase({ id: 'inc_1', cause, actionId }, events);
  // What is written is what is read.
  const [found] = casesOf(made.text, made.file);
  const { id: _, workflow: __, file: ___, line: ____, ...one } = found!;
  expect(one).toEqual(evalCaseOf(made.case));
  return { ...made, one: one as EvalCase };
};

describe('a case made from the trace of an incident (the numbers are those of capture.ts)', () => {
  it('asks again what was asked, on the records as they were, of a model that answers as it did (2)', () => {
    const { one, file, workflow, missing } = captured(SMALL);
    expect({ file, workflow, missing }).toEqual({
      file: 'evals/incidents/inc_1.evals.yaml',
      workflow: 'desk',
      missing: [],
    });
    expect(one.given.people).toEqual({ alice: { roles: ['support-agent'], tenant: 'own' } });
    const { id, version: _, ...fields } = ORDER;
    expect(one.given.records).toEqual([{ type: 'order', id, fields, tenant: 'own' }]);
    expect(one.steps).toMatchObject([
      {
        intent: { by: 'alice', text: 'Refund ord_1 for person-1@example.com' },
        model: [
          { calls: [{ tool: 'get_order', arguments: { orderId: 'ord_1' } }] },
          { calls: [{ tool: 'issue_refund', arguments: REFUND }] },
          { says: 'There is nothing more that I can do.' },
        ],
      },
    ]);
  });

  it('expects that what went wrong does not happen again (3)', () => {
    expect(captured(SMALL).one).toMatchObject({
      title: 'Incident inc_1: what issue_refund did is not done again',
      expect: { effects: [] },
    });
    const outcomes = (events: AnyEvent[], cause: IncidentCause) => captured(events, cause).one.expect.outcomes;
    const rejected = [...SMALL.slice(0, 4), escalated, person('rejected', 'bob')];
    expect(outcomes(rejected, 'override')).toEqual([{ tool: 'issue_refund', ends: 'denied' }]);
    // What the model did once a person had said no, it would not have done had a rule: other turns are not known.
    const proposed = (turn: number, actionId: string) => event('countersign.action.proposed.v1', { turn, actionId });
    const later = event('countersign.action.denied.v1', { ...decided, actionId: 'act_2', code: 'PERMISSION_DENIED' });
    const again = [...rejected, proposed(1, 'act_1'), calls(2, 'issue_refund', REFUND), proposed(2, 'act_2'), later];
    expect(outcomes(again, 'override')).toEqual([{ tool: 'issue_refund', ends: 'denied' }]);
    expect(captured(again, 'override').text.match(/tool: issue_refund$/gm)).toHaveLength(2);
    expect(outcomes([...SMALL.slice(0, 5), committed(ORDER, false)], 'failed-done-check')).toEqual([
      { tool: 'issue_refund', ends: 'committed', done: true },
    ]);
    const inDoubt = event('countersign.action.in-doubt.v1', { tool: 'issue_refund' });
    expect(outcomes([...SMALL.slice(0, 5), inDoubt], 'in-doubt')).toEqual([
      { tool: 'issue_refund', ends: 'committed' },
    ]);
  });

  it('of several commits expects the others as they were', () => {
    const ticket = event('countersign.action.committed.v1', {
      actionId: 'act_2',
      tool: 'create_ticket',
      recordsRead: [],
      recordsChanged: [],
    });
    expect(captured([...SMALL, ticket]).one.expect).toEqual({
      outcomes: [
        { tool: 'issue_refund', ends: 'denied' },
        { tool: 'create_ticket', ends: 'committed' },
      ],
    });
  });

  it('of what was only read expects it not to be given out; of what was refused a person has to say (3)', () => {
    const reads = [...SMALL.slice(0, 3)];
    expect(captured(reads, 'opened', 'act_0').one.expect).toEqual({ effects: [], notRead: ['order/ord_1'] });
    const denied = event('countersign.action.denied.v1', { ...decided, code: 'PERMISSION_DENIED' });
    const refused = [...SMALL.slice(0, 4), denied];
    expect(() => captured(refused)).toThrow(NoCase);
    const made = captureCase({ id: 'inc_1', cause: 'opened' }, refused, {
      outcomes: [{ tool: 'issue_refund', ends: 'committed' }],
    });
    expect(made.text).toContain('ends: committed');
  });

  it('decides as people did, unless nothing waits for them; not what put the incident right (2)', () => {
    expect(captured(APPROVED).one).toMatchObject({
      given: { people: { alice: {}, bob: { roles: ['support-lead'] } } },
      steps: [{ intent: {} }, { approve: { by: 'bob', tool: 'issue_refund', reason: 'seen', if_open: true } }],
    });
    const twice = [...SMALL.slice(0, 4), escalated, person('granted', 'bob'), person('rejected', 'carol')];
    expect(captured(twice, 'override').one.steps).toMatchObject([{ intent: {} }, { approve: { by: 'bob' } }]);
  });

  it('changes what somebody else changed before a person decided, and says what no step can say (2, 4)', () => {
    const returned = event('countersign.action.returned.v1', { tool: 'issue_refund', code: 'PREVIEW_CHANGED' });
    const moved = gotOrder({ refunded: money('20.00'), version: 4 });
    const drifted = [
      ...SMALL.slice(0, 4),
      escalated,
      person('granted', 'bob'),
      returned,
      moved,
      escalated,
      person('granted', 'bob'),
      approved,
    ];
    expect(captured(drifted, 'drifted-preview').one).toMatchObject({
      steps: [
        { intent: {} },
        { change: { type: 'order', id: 'ord_1', fields: { refunded: money('20.00') } } },
        { approve: {} },
      ],
      expect: { outcomes: [{ tool: 'issue_refund', ends: 'waiting' }] },
    });
    const unseen = [...SMALL.slice(0, 5), committed({ ...ORDER, refunded: money('20.00') })];
    expect(captured(unseen).missing).toEqual([expect.stringMatching(/somebody else changed order\/ord_1/)]);
    const previewed = event('countersign.action.previewed.v1', { recordsRead: [read('invoice', 'inv_1')] });
    expect(captured([asked, previewed, ...SMALL.slice(3)]).missing).toEqual([expect.stringMatching(/invoice\/inv_1/)]);
    const request = { messages: [{ role: 'system' }, { role: 'user' }, { role: 'assistant' }, { role: 'user' }] };
    const late = [asked, called(0, { content: 'Hello.' }, { request }), ...SMALL.slice(2)];
    expect(captured(late).missing).toEqual([expect.stringMatching(/session had gone on before/)]);
  });

  it('holds no hidden value and no token: the same made-up one wherever the same value stood (1)', () => {
    const mail = calls(2, 'draft_reply', {
      body: `Dear ${TOKEN(1)}, call +49 30 901820 or write to dana@corp.example`,
    });
    const { text, one } = captured([...SMALL.slice(0, 3), gotCustomer, mail, ...SMALL.slice(3)]);
    expect(text).not.toMatch(/tok_|\$sealed|901820|dana@corp/);
    expect(one.given.records[1]!.fields).toEqual({ name: 'Person 1', email: 'person-1@example.com', phone: null });
    expect(text).toContain('Refund ord_1 for person-1@example.com');
    expect(text).toContain('Dear Person 1, call +12025550101 or write to person-2@example.com');
    // Of the same shape: they are found, and sealed, where the real ones were.
    expect(shapesIn('+12025550101 person-2@example.com').map(({ dataClass }) => dataClass)).toEqual([
      'personal',
      'personal',
    ]);
  });

  it('made-up accounts and cards have the check digits of real ones (1)', () => {
    const iban = { $sealed: { token: TOKEN(7), class: 'financial' as const } };
    const paid = event('countersign.action.read.v1', {
      actionId: 'act_8',
      recordsRead: [read('customer', 'cus_1')],
      result: { id: 'cus_1', iban, cardNumber: { $sealed: { token: TOKEN(8), class: 'financial' } } },
    });
    const { iban: made, cardNumber } = captured([...SMALL.slice(0, 3), paid, ...SMALL.slice(3)]).one.given.records[1]!
      .fields;
    for (const value of [made, cardNumber])
      expect(shapesIn(String(value))).toMatchObject([{ dataClass: 'financial', value }]);
  });

  it('answers as a model that failed, or that wrote no JSON', () => {
    const events = [
      asked,
      called(0, null, { attempts: 3, tries: [{ status: 429 }] }),
      calls(1, 'issue_refund', '{"orderId": "ord_1'),
      approved,
      committed(),
    ];
    expect(captured(events).one.steps).toMatchObject([
      { model: [{ status: 429, times: 3 }, { calls: [{ arguments: '{"orderId": "ord_1' }] }, {}] },
    ]);
  });

  it('stands where it stood: stage and switches as the first decision found them, the tenant as its own', () => {
    const facts = { stage: 'draft-only', switches: ['kill/tenant/acme'] };
    const drafted = event('countersign.action.drafted.v1', { tool: 'issue_refund' });
    const events = [
      ...SMALL.slice(0, 4),
      event('countersign.action.approved.v1', { ...decided, facts, grant: 'draft' }),
      drafted,
    ];
    expect(captured(events).one.given).toMatchObject({ stage: 'draft-only', switches: ['kill/tenant/own'] });
  });

  it('of a trace without its beginning there is none', () => expect(() => captured(SMALL.slice(1))).toThrow(NoCase));

  it.each(Object.entries(SHAPES))('%s becomes a case, or says why not', (_, shape) => {
    const { actionId, trace } = shape();
    const events = trace.map((stored) => stored.event as AnyEvent);
    try {
      captured(events, 'opened', actionId);
    } catch (error) {
      expect(error).toBeInstanceOf(NoCase);
    }
    expect(captureCase({ id: 'inc_2', cause: 'override', actionId }, events).case.steps.length).toBeGreaterThan(0);
  });
});

import { describe, expect, it } from '@jest/globals';
import { approvalIdOf, CODES, type EventData, type Preview } from '@countersign/contracts';
import { foldStatus, type EventOf, type StatusEvent } from './status.js';

const AT = '2026-03-01T10:00:00.000Z';
const alice = { sub: 'alice', tenant: 'acme', roles: ['support-agent'] };
const preview: Preview = { effect: { refundedAfter: '900.00' }, basis: { order: 3 }, digest: 'd' };
const event = <T extends StatusEvent['type']>(type: T, data: unknown): EventOf<T> =>
  ({ type, at: AT, data }) as EventOf<T>;

const accepted = (kind: 'intent' | 'action' = 'intent') =>
  event('countersign.intent.accepted.v1', {
    intentId: 'int_1',
    kind,
    workflow: 'support-desk',
    session: 's-1',
    actor: alice,
  });
const named = { intentId: 'int_1', actionId: 'act_1', tool: 'issue_refund', revision: 0 };
const no = (code: 'PREVIEW_CHANGED' | 'APPROVAL_REJECTED' | 'IN_DOUBT', detail: string) => ({
  code,
  detail,
  nextStep: CODES[code].nextStep,
});
const approved = (change: object = {}) =>
  event('countersign.action.approved.v1', { ...named, grant: 'commit', dryRun: false, ...change });
const escalated = event('countersign.action.escalated.v1', {
  ...named,
  preview,
  approverRoles: ['support-lead'],
  actionHash: 'h',
});
const previewed = event('countersign.action.previewed.v1', { ...named, preview });
const committed = event('countersign.action.committed.v1', {
  ...named,
  result: { refundId: 'ref_1' },
  recordsRead: [],
  recordsChanged: [],
});
const denied = event('countersign.action.denied.v1', { ...named, ...no('APPROVAL_REJECTED', 'bob: not this one') });
const reply = (change: Partial<EventData<'countersign.reply.sent.v1'>> = {}) =>
  event('countersign.reply.sent.v1', {
    intentId: 'int_1',
    tenant: 'acme',
    text: 'Done.',
    actions: [],
    outcome: 'answered',
    ...change,
  });
const base = { intentId: 'int_1', workflow: 'support-desk', session: 's-1', kind: 'intent' };
const actionBase = { actionId: 'act_1', intentId: 'int_1', tool: 'issue_refund' };

const status = (events: StatusEvent[], secondsLater = 0) =>
  foldStatus('int_1', events, new Date(Date.parse(AT) + secondsLater * 1000));

describe('the state of an intent', () => {
  it('is unknown until policy has spoken, whatever else is there', () => {
    expect(status([committed, reply()])).toBeUndefined();
  });

  it('is accepted, then ended with its reply', () => {
    expect(status([accepted()])).toEqual({ ...base, state: 'accepted', actions: [] });
    expect(status([accepted(), reply()])).toEqual({
      ...base,
      state: 'ended',
      outcome: 'answered',
      reply: 'Done.',
      actions: [],
    });
  });

  it('is waiting while an action waits for a person, or is in doubt', () => {
    const waits = {
      ...actionBase,
      state: 'waiting',
      approvalId: approvalIdOf('act_1', 0, 'h'),
      code: 'NEEDS_APPROVAL',
      detail: 'one of support-lead decides',
      nextStep: CODES.NEEDS_APPROVAL.nextStep,
      preview,
    };
    const events = [accepted(), approved({ grant: 'preview' }), previewed, escalated];
    expect(status(events)).toEqual({ ...base, state: 'waiting', actions: [waits] });
    const doubt = event('countersign.action.in-doubt.v1', { ...named, ...no('IN_DOUBT', 'no answer') });
    expect(status([accepted(), approved(), doubt])).toMatchObject({
      state: 'waiting',
      actions: [{ state: 'in-doubt', code: 'IN_DOUBT' }],
    });
  });

  const doubt = event('countersign.action.in-doubt.v1', { ...named, ...no('IN_DOUBT', 'no answer') });
  const resolved = (by: 'lookup' | 'person') =>
    event('countersign.action.resolved.v1', {
      ...{ ...named, outcome: 'committed', by, detail: 'it is there', result: null, recordsChanged: [] },
    });
  const said = { ...named, outcome: 'committed', by: 'bob' };
  const unsettled = event('countersign.action.unsettled.v1', {
    ...said,
    ...{ verdictId: 'evt_1', code: 'UNAUTHENTICATED', detail: 'the token has expired', nextStep: 'Say it again.' },
  });
  const settled = event('countersign.action.settled.v1', { ...said, reason: 'seen in the ledger' });

  it('tells what a person said of a doubt, whether policy took it, and how it was resolved', () => {
    const [waiting, refused, taken, ended] = [
      [accepted(), approved(), doubt],
      [accepted(), approved(), doubt, unsettled],
      [accepted(), approved(), doubt, unsettled, settled],
      [accepted(), approved(), doubt, unsettled, settled, resolved('person')],
    ].map((events) => status(events)!.actions[0]!);
    expect(waiting).not.toHaveProperty('verdict');
    expect(refused).toMatchObject({
      state: 'in-doubt',
      verdict: { by: 'bob', refused: { verdictId: 'evt_1', code: 'UNAUTHENTICATED', nextStep: 'Say it again.' } },
    });
    const verdict = { by: 'bob', outcome: 'committed', reason: 'seen in the ledger' };
    expect(taken).toEqual({ ...waiting, verdict });
    expect(ended).toEqual({
      ...{ ...actionBase, state: 'ended', outcome: 'resolved', verdict },
      ...{ detail: 'it is there', result: null, recordsChanged: [], resolved: { outcome: 'committed', by: 'person' } },
    });
  });

  it('says nothing of a verdict on an action nothing else is known of, or that has ended', () => {
    expect(status([accepted(), settled])!.actions).toEqual([]);
    expect(status([accepted(), approved(), doubt, resolved('lookup'), settled])!.actions[0]).not.toHaveProperty(
      'verdict',
    );
  });

  it('is refused with its reason, which a later refusal of a repeat does not undo', () => {
    const refused = (code: string) =>
      event('countersign.intent.refused.v1', {
        intentId: 'int_1',
        workflow: 'x',
        code,
        detail: 'no',
        nextStep: 'stop',
      });
    const first = {
      intentId: 'int_1',
      state: 'refused',
      workflow: 'x',
      code: 'UNKNOWN_WORKFLOW',
      detail: 'no',
      nextStep: 'stop',
      actions: [],
    };
    expect(status([refused('UNKNOWN_WORKFLOW')])).toEqual(first);
    expect(status([accepted(), refused('UNAUTHENTICATED')])).toMatchObject({ state: 'accepted' });
  });

  it('says NOT_FOUND of a tenant mismatch, and nothing of the other tenant', () => {
    const mismatch = event('countersign.intent.refused.v1', {
      intentId: 'int_1',
      code: 'TENANT_MISMATCH',
      detail: 'acme is not globex',
      nextStep: 'x',
    });
    const shown = status([mismatch]);
    expect(shown).toMatchObject({ state: 'refused', code: 'NOT_FOUND' });
    expect(JSON.stringify(shown)).not.toMatch(/TENANT_MISMATCH|globex/);
  });

  it("tells a failed reply's reason in the words of the action that caused it", () => {
    const events = [
      accepted(),
      approved({ grant: 'preview' }),
      previewed,
      escalated,
      denied,
      reply({ outcome: 'failed', code: 'APPROVAL_REJECTED' }),
    ];
    expect(status(events)).toMatchObject({
      state: 'ended',
      outcome: 'failed',
      ...no('APPROVAL_REJECTED', 'bob: not this one'),
    });
  });
});

describe('a reply that is here before the results it speaks of', () => {
  const said = { actionId: 'act_1', tool: 'issue_refund', outcome: 'committed' as const };

  it('ends the intent once they are here', () => {
    expect(status([accepted(), approved(), reply({ actions: [said] })])).toMatchObject({
      state: 'accepted',
      actions: [{ state: 'executing' }],
    });
    expect(status([accepted(), approved(), reply({ actions: [said] }), committed])).toMatchObject({
      state: 'ended',
      actions: [{ outcome: 'committed', result: { refundId: 'ref_1' } }],
    });
  });

  it('ends it all the same when they do not come, in its own words', () => {
    const unseen = {
      actionId: 'act_2',
      tool: 'get_order',
      outcome: 'failed' as const,
      code: 'UPSTREAM_FAILED' as const,
    };
    expect(status([accepted(), approved(), reply({ actions: [said, unseen] })], 6)).toMatchObject({
      state: 'ended',
      actions: [
        { actionId: 'act_1', state: 'ended', outcome: 'committed' },
        { actionId: 'act_2', state: 'ended', outcome: 'failed', code: 'UPSTREAM_FAILED' },
      ],
    });
  });
});

describe('the state of an action', () => {
  const actions = (...events: StatusEvent[]) => status([accepted(), ...events])!.actions;

  it('ends committed, with what it did and the preview and approval it had', () => {
    expect(actions(approved({ grant: 'preview' }), previewed, escalated, approved(), committed)).toEqual([
      {
        ...actionBase,
        state: 'ended',
        outcome: 'committed',
        approvalId: approvalIdOf('act_1', 0, 'h'),
        preview,
        result: { refundId: 'ref_1' },
        recordsRead: [],
        recordsChanged: [],
      },
    ]);
  });

  it('ends with its preview when it is a dry run, and only then', () => {
    expect(actions(approved({ grant: 'preview', dryRun: true }), previewed)).toMatchObject([
      { state: 'ended', outcome: 'previewed', preview },
    ]);
    expect(actions(approved({ grant: 'preview' }), previewed)).toMatchObject([{ state: 'executing', preview }]);
  });

  it('goes on when it was returned, without the old code once it is granted again', () => {
    const returned = event('countersign.action.returned.v1', { ...named, ...no('PREVIEW_CHANGED', 'the order moved') });
    expect(actions(approved(), returned)).toMatchObject([{ state: 'executing', code: 'PREVIEW_CHANGED' }]);
    expect(actions(approved(), returned, approved())).toEqual([{ ...actionBase, state: 'executing' }]);
  });

  it('that was drafted shows what for, beside the preview', () => {
    const args = { orderId: 'ord_1', amount: '900.00' };
    const drafted = event('countersign.action.drafted.v1', { ...named, preview });
    expect(actions(approved({ grant: 'draft', arguments: args }), drafted)).toEqual([
      { ...actionBase, state: 'ended', outcome: 'drafted', arguments: args, preview },
    ]);
  });

  it('that was over a budget says when to ask again, and so does its intent', () => {
    const retryAt = '2026-03-02T00:00:00.000Z';
    const over = { code: 'RATE_LIMITED', detail: '25 of 25 drafts', nextStep: `Ask again at ${retryAt}.` };
    const limited = event('countersign.action.denied.v1', { ...named, ...over, retryAt });
    expect(actions(limited)).toEqual([{ ...actionBase, state: 'ended', outcome: 'denied', ...over, retryAt }]);
    expect(status([accepted(), limited, reply({ outcome: 'failed', code: 'RATE_LIMITED' })])).toMatchObject({
      ...over,
      retryAt,
    });
  });

  it('that a switch stopped is blocked, with the code and the next step', () => {
    const stopped = { code: 'KILLED', detail: 'kill/* by sam: INC-42', nextStep: CODES.KILLED.nextStep };
    const blocked = event('countersign.action.blocked.v1', { ...named, ...stopped });
    expect(actions(approved(), blocked)).toEqual([{ ...actionBase, state: 'ended', outcome: 'blocked', ...stopped }]);
  });

  it('that people are asked about again waits, and says why', () => {
    const again = { ...escalated, data: { ...escalated.data, because: 'KILLED: kill/* by sam' } };
    expect(actions(approved({ grant: 'preview' }), previewed, escalated, again)).toMatchObject([
      { state: 'waiting', detail: 'one of support-lead decides; asked again: KILLED: kill/* by sam' },
    ]);
  });

  it('keeps its first end', () => {
    expect(actions(approved(), committed, denied)).toMatchObject([{ outcome: 'committed' }]);
  });
});

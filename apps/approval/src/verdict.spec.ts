import { beforeEach, describe, expect, it } from '@jest/globals';
import { EVENTS, eventIdOf, type Person } from '@countersign/contracts';
import { sealedDigest } from '@countersign/identity';
import { placeOf } from './decide.js';
import { decideInDoubt, decideResolved, decideUnsettled, doubtTouches, doubtTouchesAlso } from './doubts.js';
import {
  action,
  alice,
  attributes,
  bob,
  carol,
  emitted,
  escalation,
  genuine,
  incoming,
  later,
  opened,
  Rows,
} from './given.spec-support.js';
import { doubtKey, type Doubt } from './state.js';
import { decideVerdict, verdictView, type Said, type Taken } from './verdict.js';

const { intentId, actionId } = action;
const executed = {
  intentId,
  actionId,
  revision: 0,
  tenant: 'acme',
  tool: 'issue_refund',
  endedAt: later(1).toISOString(),
};
const doubted = () => incoming('countersign.action.in-doubt.v1', executed, 'evt_doubt');
const resolved = (by: 'lookup' | 'person', outcome = 'committed') =>
  incoming('countersign.action.resolved.v1', { ...executed, by, outcome }, 'evt_resolved');
const unsettled = (causationid: string) => {
  const answer = incoming('countersign.action.unsettled.v1', executed);
  return { ...answer, event: { ...answer.event, causationid } };
};
const settlersOf = (tool: string, asked: string[]) => (tool === 'issue_refund' ? ['support-lead'] : asked);
const said: Said = { outcome: 'committed', reason: 'it stands in the ledger', sealed: 'jwe' };
const verdictId = (n: number) => eventIdOf('countersign.approval.settled.v1', actionId, 0, n);

let rows: Rows;
beforeEach(() => {
  rows = new Rows();
});
const doubt = () => rows.get<Doubt>(doubtKey(actionId))!;
const becauses = (effects: { do: string }[]) =>
  effects.flatMap((effect) => ('because' in effect ? [effect.because] : []));
function says(person: Person, given: Partial<Said> = {}, settlers = settlersOf) {
  const { effects, result } = decideVerdict(actionId, person, { ...said, ...given }, settlers, rows, later(5));
  rows.apply(effects);
  return { events: emitted(effects), result };
}
const isDoubted = () => rows.apply(decideInDoubt(doubted(), rows, genuine));
const isResolved = (by: 'lookup' | 'person') => rows.apply(decideResolved(resolved(by), rows, genuine));

describe('a commit in doubt', () => {
  it('is settled by whoever may, with their sealed token (1)', () => {
    isDoubted();
    const { events, result } = says(bob);
    expect(events).toEqual([
      {
        ...{ type: 'countersign.approval.settled.v1', id: verdictId(0), subject: actionId, causationid: 'evt_doubt' },
        ...{ ...attributes, time: later(5).toISOString(), traceparent: '00-a-b-01', authorization: 'Bearer jwe' },
        data: {
          ...{ intentId, actionId, revision: 0, tenant: 'acme', outcome: 'committed', reason: said.reason },
          ...{ approver: { sub: 'bob', roles: ['support-lead'] }, decidedAt: later(5).toISOString() },
          tokenDigest: sealedDigest('jwe'),
        },
      },
    ]);
    expect(EVENTS['countersign.approval.settled.v1'].data.parse(events[0]!.data)).toEqual(events[0]!.data);
    expect(verdictView(result as Taken)).toMatchObject({
      ...{ actionId, intentId, state: 'said' },
      verdict: { id: verdictId(0), by: 'bob', outcome: 'committed' },
      nextStep: expect.stringContaining('GET /v1/actions'),
    });
  });

  it('is settled once: who says the same again is answered the same, and nobody else is heard (1)', () => {
    isDoubted();
    const first = says(bob);
    expect(says(bob, { reason: 'as I said' })).toEqual({ events: [], result: first.result });
    const verdict = (first.result as Taken).verdict;
    for (const other of [says(bob, { outcome: 'failed' }), says(carol), says(carol, { outcome: 'failed' })])
      expect(other).toEqual({ events: [], result: { tag: 'said', verdict } });
    isResolved('person');
    expect(says(bob)).toMatchObject({ events: [], result: { tag: 'taken', verdict } });
    expect(verdictView(says(bob).result as Taken)).toMatchObject({ state: 'resolved' });
    expect(says(carol)).toMatchObject({ events: [], result: { tag: 'resolved', progress: { by: 'person' } } });
  });

  it('that a look-up resolved first is gone, for whoever said something too', () => {
    isDoubted();
    says(bob);
    isResolved('lookup');
    for (const person of [bob, carol])
      expect(says(person)).toMatchObject({ events: [], result: { tag: 'resolved', progress: { by: 'lookup' } } });
  });

  it('is open again once policy did not take what was said: the next verdict is another event', () => {
    isDoubted();
    says(bob);
    expect(becauses(decideUnsettled(unsettled('evt_other'), rows, genuine))).toEqual([
      'it answers nothing that is waiting',
    ]);
    rows.apply(decideUnsettled(unsettled(verdictId(0)), rows, genuine));
    expect(doubt().progress).toEqual({ tag: 'open' });
    expect(becauses(decideUnsettled(unsettled(verdictId(0)), rows, genuine))).toHaveLength(1);
    expect(says(carol).events).toMatchObject([{ id: verdictId(1), data: { approver: { sub: 'carol' } } }]);
  });

  it.each<[string, Person, object]>([
    ['who asked for it', { ...alice, roles: ['support-lead'] }, { tag: 'self' }],
    ['who has not the role', { ...bob, roles: ['sre'] }, { tag: 'role', needed: ['support-lead'] }],
    ['who is of another tenant', { ...bob, tenant: 'globex' }, { tag: 'not-found' }],
  ])('is nothing to somebody %s, however it stands (2)', (_, person, refused) => {
    isDoubted();
    expect(says(person)).toMatchObject({ events: [], result: refused });
    says(bob);
    expect(says(person)).toMatchObject({ events: [], result: refused });
    isResolved('person');
    expect(says(person)).toMatchObject({ events: [], result: refused });
  });

  it('of which nobody has heard is not there', () => {
    expect(says(bob)).toEqual({ events: [], result: { tag: 'not-found' } });
  });

  it('may be settled by those who were asked to approve the action', () => {
    rows = opened(escalation(undefined, { approverRoles: ['boss'] }));
    const keys = doubtTouches(doubted());
    expect([...keys, ...doubtTouchesAlso(doubted(), rows)]).toContain(doubtKey(actionId));
    isDoubted();
    expect(says(bob, {}, (_, asked) => asked).result).toEqual({ tag: 'role', needed: ['boss'] });
    expect(says({ ...bob, roles: ['boss'] }, {}, (_, asked) => asked).result).toMatchObject({ tag: 'taken' });
  });
});

describe('what is known of doubts', () => {
  it('is the executor’s word and policy’s, and nobody else’s', () => {
    const forgedBy = (of: Parameters<typeof placeOf>[0]) => ({ forged: new Map([[placeOf(of), 'a stranger']]) });
    const doubt = doubted();
    expect(becauses(decideInDoubt(doubt, rows, forgedBy(doubt)))).toEqual(["not the executor's: a stranger"]);
    isDoubted();
    const end = resolved('lookup');
    expect(becauses(decideResolved(end, rows, forgedBy(end)))).toEqual(["not the executor's: a stranger"]);
    says(bob);
    const no = unsettled(verdictId(0));
    expect(becauses(decideUnsettled(no, rows, forgedBy(no)))).toEqual(["not policy's: a stranger"]);
  });

  it('stays as it is, whatever comes twice or in another order', () => {
    isResolved('lookup');
    const end = structuredClone(doubt());
    expect(end.progress).toMatchObject({ tag: 'resolved', at: executed.endedAt, by: 'lookup' });
    isDoubted();
    isResolved('person');
    expect(doubt()).toEqual(end);
  });
});

import { describe, expect, it } from '@jest/globals';
import { LAWS, type Effect, type History, type Law, type Told } from './history.js';
import { Telling } from './history.fixture.js';
import { judge } from './judge.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
/** A history in which anything may be overwritten. */
interface Corruptible extends Omit<Mutable<History>, 'client' | 'effects' | 'records' | 'listedInDoubt'> {
  client: Mutable<History['client'][number]>[];
  effects: Mutable<Effect>[];
  records: (Omit<Mutable<Told>, 'data'> & { data: Record<string, unknown> })[];
  listedInDoubt: string[];
}

const whole = () =>
  new Telling().committed().asked('approve').asked('reject').killed().inDoubt().committed('2.00').history();

const lawsBroken = (history: History) => [...new Set(judge(history).flaws.map(({ law }) => law))];
function corrupted(change: (history: Corruptible) => void): string[] {
  const history = whole() as unknown as Corruptible;
  change(history);
  return lawsBroken(history as unknown as History);
}

const typed = (history: Corruptible, name: string) =>
  history.records.filter(({ type }) => type === `countersign.${name}.v1`);
const first = (history: Corruptible, name: string) => typed(history, name)[0]!;
const without = (history: Corruptible, told: unknown) =>
  (history.records = history.records.filter((one) => one !== told));
/** A record more, after all others of its topic, and held by audit. */
function told(history: Corruptible, like: Corruptible['records'][number], change: Partial<Told>): void {
  const offset =
    Math.max(...history.records.filter(({ topic }) => topic === like.topic).map(({ offset }) => offset)) + 1;
  const more = { ...structuredClone(like), offset, id: `${like.id}-more`, digest: `more ${offset}`, ...change };
  history.records.push(more as Corruptible['records'][number]);
  (history.audited.get(`${like.topic}/0`) as Set<number>).add(offset);
}

describe('a history as it must be', () => {
  it('has no flaw, and its figures balance', () => {
    const { flaws, balance } = judge(whole());
    expect(flaws).toEqual([]);
    expect(balance).toMatchObject({
      ...{ asked: 6, actions: 6, approved: 5, effects: 4, expiredUnsent: 0, killedUnsent: 1, inDoubt: 1 },
      ...{ doubts: { D: 1 }, ends: { committed: 3, 'denied APPROVAL_REJECTED': 1, 'blocked KILLED': 1 } },
      ...{ copies: 0, commitsInFlight: 0 },
    });
  });

  it('may hold copies of what was told, at other offsets and in another order', () => {
    const history = whole() as unknown as Corruptible;
    for (const one of [...history.records]
      .reverse()
      .filter(({ topic }) => topic === 'decisions' || topic === 'results'))
      told(history, one, { id: one.id, digest: one.digest, at: one.at + 60_000 });
    const { flaws, balance } = judge(history as unknown as History);
    expect(flaws).toEqual([]);
    expect(balance.copies).toBeGreaterThan(10);
  });

  it('counts a commit as in flight while a fault was on between its warrant and its result', () => {
    const history = whole() as unknown as Corruptible;
    const { at } = first(history, 'action.committed');
    history.client.push({ what: 'fault', at: at - 1, until: at - 1, name: 'kill:executor', hits: 1 });
    expect(judge(history as unknown as History).balance.commitsInFlight).toBe(1);
  });
});

describe('what is not as it must be is caught by name', () => {
  const corruptions: [law: Law, what: string, change: (history: Corruptible) => void][] = [
    ['effect-twice', 'an effect twice', ({ effects }) => effects.push({ ...effects[0]!, seq: 99 })],
    ['effect-missing', 'an effect that is not there', ({ effects }) => effects.splice(0, 1)],
    [
      'effect-missing',
      'of two effects under one key the other is missing',
      ({ effects }) => {
        effects[1] = { ...effects[0]!, seq: 2 };
      },
    ],
    ['effect-unwarranted', 'an effect before its warrant', ({ effects }) => (effects[0]!.startedAt -= 1_000)],
    [
      'effect-unwarranted',
      'an effect of nobody',
      ({ effects }) => effects.push({ ...effects[0]!, idempotencyKey: 'key_x' }),
    ],
    ['effect-differs', 'another amount', ({ effects }) => (effects[0]!.amount = '1.01')],
    ['effect-differs', 'another record', ({ effects }) => (effects[0]!.record = 'ord_9')],
    ['effect-differs', 'another currency', ({ effects }) => (effects[0]!.currency = 'USD')],
    ['effect-differs', 'another tenant', ({ effects }) => (effects[0]!.tenant = 'globex')],
    [
      'effect-differs',
      "a key that is not the action's",
      (history) => {
        first(history, 'action.approved').data['idempotencyKey'] = 'key_y';
        history.effects[0]!.idempotencyKey = 'key_y';
      },
    ],
    [
      'effect-forbidden',
      'an effect of what was blocked',
      (history) => {
        const blocked = first(history, 'action.blocked');
        const warrant = history.records.find(({ id }) => id === blocked.cause)!;
        const key = String(warrant.data['idempotencyKey']);
        history.effects.push({
          ...history.effects[0]!,
          seq: 98,
          record: 'ord_3',
          idempotencyKey: key,
          startedAt: warrant.at + 1,
        });
      },
    ],
    [
      'effect-while-killed',
      "an effect after a trip's acknowledgement",
      (history) => {
        history.client = history.client.filter(({ what }) => what !== 'switched');
        history.effects.at(-1)!.startedAt = first(history, 'control.applied').at + 5;
        typed(history, 'action.approved').at(-1)!.at = history.effects.at(-1)!.startedAt - 1;
      },
    ],
    [
      'effect-while-killed',
      'an effect after a trip was answered, with no word of a service',
      (history) => {
        without(history, first(history, 'control.applied'));
        const trip = history.client.find((entry) => entry.what === 'switched')!;
        history.effects.at(-1)!.startedAt = (trip as { answeredAt: number }).answeredAt + 5;
        typed(history, 'action.approved').at(-1)!.at = history.effects.at(-1)!.startedAt - 1;
      },
    ],
    [
      'commit-not-as-asked',
      'a warrant of another amount than was asked for',
      (history) => {
        const warrant = first(history, 'action.approved');
        warrant.data['arguments'] = { ...(warrant.data['arguments'] as object), amount: '9.00' };
        history.effects[0]!.amount = '9.00';
      },
    ],
    [
      'commit-not-agreed',
      'a commit people were asked about, without a grant',
      (history) => {
        const granted = typed(history, 'action.approved').find(
          ({ data }) => (data['approvers'] as unknown[]).length > 0,
        )!;
        granted.data['approvers'] = [];
      },
    ],
    [
      'commit-not-agreed',
      'a grant of one who never said yes',
      ({ client }) => {
        client.splice(
          client.findIndex((entry) => entry.what === 'said' && entry.decision === 'approve'),
          1,
        );
      },
    ],
    [
      'commit-not-agreed',
      'a grant that stands on no topic',
      (history) => {
        const granted = first(history, 'approval.granted');
        granted.data['approver'] = { sub: 'carol' };
      },
    ],
    [
      'begun-unrecorded',
      "an effect past audit's limit",
      (history) => {
        const { startedAt } = history.effects.at(-1)!;
        for (const beat of typed(history, 'audit.heartbeat'))
          if (beat.at > startedAt - 8_100) beat.data['ingestedThrough'] = new Date(startedAt - 8_100).toISOString();
      },
    ],
    [
      'audit-incomplete',
      'a row that audit lacks',
      ({ audited }) => (audited.get('results/0') as Set<number>).delete(2),
    ],
    ['illegal-word', 'a result without a warrant', (history) => without(history, first(history, 'action.approved'))],
    [
      'illegal-word',
      'two results of one warrant',
      (history) => told(history, first(history, 'action.committed'), { at: first(history, 'action.committed').at + 1 }),
    ],
    [
      'illegal-word',
      'a commit that nobody decided on again after people were asked',
      (history) => without(history, first(history, 'approval.granted')),
    ],
    [
      'lost-action',
      'a warrant that nobody carried out',
      (history) => without(history, first(history, 'action.committed')),
    ],
    [
      'lost-action',
      'a proposal nobody decided on',
      (history) =>
        told(history, first(history, 'action.committed'), {
          type: 'countersign.action.proposed.v1',
          data: { actionId: 'act_x' },
        }),
    ],
    ['lost-intent', 'no reply', (history) => without(history, first(history, 'reply.sent'))],
    [
      'lost-intent',
      'an intent nothing is told of',
      ({ client }) =>
        client.push({ ...(client[0] as Extract<History['client'][number], { what: 'asked' }>), intentId: 'int_x' }),
    ],
    ['unasked', 'an intent that nobody asked', ({ client }) => client.splice(0, 1)],
    ['ended-twice', 'two replies', (history) => told(history, first(history, 'reply.sent'), {})],
    [
      'told-two-ways',
      'one event, two contents',
      (history) => told(history, first(history, 'action.committed'), { id: first(history, 'action.committed').id }),
    ],
    [
      'untrue-reply',
      'a reply that says otherwise',
      (history) => {
        const actions = first(history, 'reply.sent').data['actions'] as { outcome: string }[];
        actions[0]!.outcome = 'denied';
      },
    ],
    [
      'wrong-end',
      'an end that whoever asked could not expect',
      (history) => {
        const denied = first(history, 'action.denied');
        denied.data['code'] = 'PERMISSION_DENIED';
      },
    ],
    [
      'killed-by-nobody',
      'killed before anybody tripped anything',
      (history) => {
        for (const one of history.records) if (one.topic === 'control') one.at += 600_000;
      },
    ],
    [
      'doubt-on-class-a',
      'a doubt where the target keeps keys',
      (history) => {
        for (const { data } of history.records) if (data['tool'] === 'send_letter') data['tool'] = 'issue_refund';
      },
    ],
    ['doubt-not-listed', 'a doubt that is not listed', ({ listedInDoubt }) => listedInDoubt.splice(0)],
    ['doubt-not-listed', 'a doubt that is none', ({ listedInDoubt }) => listedInDoubt.push('act_x')],
    [
      'settled-by-nobody',
      'a verdict that no person gave',
      (history) => {
        const doubt = first(history, 'action.in-doubt');
        const data = { ...doubt.data, outcome: 'committed', by: 'person' };
        told(history, doubt, { type: 'countersign.action.resolved.v1', at: doubt.at + 9, data });
      },
    ],
    ['late-drain', 'something open for too long', (history) => (history.lastFaultAt = history.drainedAt - 60_001)],
  ];

  it.each(corruptions)('%s: %s', (law, _what, change) => {
    expect(corrupted(change)).toContain(law);
  });

  it('every law has one', () => {
    expect(new Set(corruptions.map(([law]) => law))).toEqual(new Set(LAWS));
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { actionHashOf, type AnyEvent, type Incoming, type JsonObject, type Person } from '@countersign/contracts';
import { defineRule, deny, pass } from '@countersign/policy-kit';
import { expired, granted, rejected } from './approvals.js';
import { Desk, large, type Asked, type Warrant } from './desk.fixture.js';
import { edited } from './edits.js';
import type { Checked } from './facts.js';
import { Counter } from './tally.fixture.js';
import { actionId, alice, bob, carol, desk, deskWith, intentId, saidBy, signed, T0 } from './world.fixture.js';

/*
 * People, switches, rules and the executor in any order, with records delivered again: what holds for each of them.
 */
const oneACase = defineRule({
  ...{ name: 'one-a-case', title: 'One payment a case at a time', tools: ['pay'] },
  history: ({ arguments: { caseId } }) => [{ as: 'ofCase', per: 'tenant', of: String(caseId), window: 'ever' }],
  decide: ({ history }) => (history['ofCase']!.open > 0 ? deny('LIMIT_EXCEEDED', 'another is open') : pass('none')),
});
const change = {
  rules: [...desk.workflow.rules, oneACase],
  limits: { ...desk.workflow.limits, amountPerSession: { EUR: '1000.00' } },
  budgets: [{ name: 'a-day', per: 'user' as const, actionsPerDay: 5, amountPerDay: { EUR: '1000.00' } }],
};
const versions = ['pv-1', 'pv-2'].map((version) => deskWith(change, version));
const PEOPLE = [alice, bob, carol, { ...carol, sub: 'dora' }].map((one) => ({ ...one, roles: [...one.roles, 'lead'] }));
const ARGUMENTS: JsonObject[] = [
  large,
  { ...large, amount: '180.00' },
  { ...large, amount: '600.00' },
  { ...large, caseId: 'case_8' },
  { ...large, amount: '18.00' },
  { ...large, amount: '1e3' },
];
const MINUTE = 60_000;

type Step =
  | { do: 'yes' | 'no'; by: number; of: number }
  | { do: 'edit'; by: number; of: number; to: number }
  | { do: 'late' | 'preview' | 'expired' | 'changed' | 'done' | 'fail' | 'trip' | 'rearm' | 'wait' }
  | { do: 'again'; of: number }
  | { do: 'rules'; to: number }
  | { do: 'stage'; to: 'scoped' | 'draft-only' };

const small = fc.nat(3);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('yes' as const), by: small, of: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('no' as const), by: small, of: fc.nat(1) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('edit' as const), by: small, of: fc.nat(1), to: fc.nat(5) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('preview' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('late', 'expired', 'changed', 'done', 'fail', 'trip', 'rearm', 'rearm', 'wait'),
    }) as fc.Arbitrary<Step>,
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('again' as const), of: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rules' as const), to: fc.nat(1) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('stage' as const), to: fc.constantFrom('scoped', 'draft-only') }),
  },
);

/** One action, and all that is said of it. */
class Play {
  readonly world = new Counter();
  readonly asked: Asked[] = [];
  readonly events: AnyEvent[] = [];
  readonly delivered: { handler: Parameters<Desk['when']>[0]; incoming: Incoming; checked: Checked }[] = [];
  /** Who said yes, by hash. */
  readonly words = new Map<string, Set<string>>();
  outcome: 'committed' | 'nothing' | undefined;
  effect = 0;

  constructor() {
    this.world.desk = versions[0]!;
    this.world.freshAfterMs = MINUTE;
    this.take(this.world.call('pay', large));
  }

  take(events: AnyEvent[]): void {
    for (const event of events) {
      if (event.type === 'countersign.intent.accepted.v1') continue;
      expect(this.outcome).toBeUndefined();
      this.events.push(event);
      if (event.type === 'countersign.action.escalated.v1') this.asks(event.data, this.events.at(-2));
      else if (event.type === 'countersign.action.denied.v1') this.outcome = 'nothing';
      else if (event.type === 'countersign.action.approved.v1' && event.data.grant === 'commit')
        this.commits(event.data);
    }
  }

  asks(data: Asked, before: AnyEvent | undefined): void {
    this.asked.push(data);
    this.world.bound(data);
    // Asked again about what they had said yes to: each says it anew.
    if (before?.type === 'countersign.action.approved.v1' && before.data.people) this.words.delete(data.actionHash);
  }

  commits(data: Warrant): void {
    const hash = actionHashOf(data);
    const asked = this.asked.findLast(({ actionHash }) => actionHash === hash)!;
    const names = data.approvers.map(({ sub }) => sub);
    expect(names.length).toBeGreaterThanOrEqual(asked.approvalsNeeded);
    expect(new Set(names).size).toBe(names.length);
    for (const sub of names) {
      expect(this.words.get(hash)).toContain(sub);
      expect(sub).not.toBe('alice');
      expect((data.edits ?? []).filter(({ by, narrowing }) => by === sub && !narrowing)).toEqual([]);
    }
    expect(asked).toMatchObject({ arguments: data.arguments, revision: data.revision, toolVersion: data.toolVersion });
    const view = this.world.switches.view();
    const target = { tenant: 'acme', workflow: 'desk', tool: 'pay' };
    expect([view.killedBy(target), view.stageOf(target)]).toEqual([undefined, 'scoped']);
  }

  deliver(handler: Parameters<Desk['when']>[0], incoming: Incoming, checked: Checked): void {
    this.delivered.push({ handler, incoming, checked });
    this.take(this.world.when(handler, incoming, checked));
  }

  says(what: 'yes' | 'no', by: Person, asked: Asked): void {
    const type = what === 'yes' ? 'countersign.approval.granted.v1' : 'countersign.approval.rejected.v1';
    if (what === 'yes')
      this.words.set(asked.actionHash, new Set([...(this.words.get(asked.actionHash) ?? []), by.sub]));
    const incoming = this.world.record(type, this.world.word(asked, by));
    this.deliver(what === 'yes' ? granted : rejected, incoming, saidBy(by));
  }

  get open(): Warrant | undefined {
    const row = this.world.rows.get(`intent:${intentId}`) as { action?: { tag: string; jti?: string } };
    const jti = row.action?.tag === 'granted' ? row.action.jti : undefined;
    return this.events.map(({ data }) => data as Warrant).find((data) => jti !== undefined && data.jti === jti);
  }

  step(one: Step): void {
    const { world } = this;
    world.now += 1_000;
    const asked = 'of' in one && one.do !== 'again' ? this.asked.at(-1 - one.of) : this.asked.at(-1);
    const warrant = this.open;
    switch (one.do) {
      case 'yes':
      case 'no':
        if (asked) this.says(one.do, PEOPLE[one.by]!, asked);
        return;
      case 'edit': {
        if (!asked) return;
        const by = PEOPLE[one.by]!;
        const data = { ...world.word(asked, by), arguments: ARGUMENTS[one.to]! };
        return this.deliver(edited, world.record('countersign.approval.edited.v1', data), saidBy(by));
      }
      case 'late': {
        if (!asked) return;
        const data = { ...world.bound(asked), expiredAt: new Date(world.now).toISOString() };
        return this.deliver(expired, world.record('countersign.approval.expired.v1', data), signed);
      }
      case 'preview': {
        if (warrant?.grant !== 'preview') return;
        const at = new Date(T0).toISOString();
        const people = PEOPLE.map(({ sub, roles }) => ({ sub, roles, active: true, system: 'desk', at }));
        this.effect += world.now % 7 === 0 ? 1 : 0;
        return this.take(world.preview(warrant, { balance: String(this.effect) }, warrant.people ? { people } : {}));
      }
      case 'expired':
      case 'changed':
        if (!warrant) return;
        return this.take(
          one.do === 'expired'
            ? world.return(warrant, 'WARRANT_EXPIRED')
            : world.return(warrant, 'PREVIEW_CHANGED', { balance: '9' }),
        );
      case 'done':
      case 'fail': {
        if (!warrant || (one.do === 'done' && warrant.grant !== 'commit')) return;
        world.ends(
          { event: { data: warrant } as never, intentId, actionId },
          one.do === 'done' ? 'committed' : 'failed',
        );
        this.outcome = one.do === 'done' ? 'committed' : 'nothing';
        return;
      }
      case 'trip':
        world.switches.trip('kill/tool/pay', world.now);
        return;
      case 'rearm':
        world.switches.rearm('kill/tool/pay', world.now);
        return;
      case 'wait':
        world.now += 7 * MINUTE;
        return;
      case 'again': {
        const before = this.delivered[one.of];
        if (!before) return;
        const record = { ...before.incoming.record, timestamp: world.now };
        return this.take(world.when(before.handler, { ...before.incoming, record }, before.checked));
      }
      case 'rules':
        world.desk = versions[one.to]!;
        return;
      case 'stage':
        world.switches.stage(one.to);
        return;
      default:
        one satisfies never;
    }
  }
}

describe('whatever people, switches, rules and the executor do, in whatever order and however often', () => {
  it('one end, no commit without the words it needs, and nothing stays counted of what was not done', () => {
    let commits = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
        const play = new Play();
        for (const one of steps) play.step(one);
        if (play.outcome === 'committed') commits++;
        const open = play.world.tallies('his').map(({ open }) => open);
        const taken = ['ses', 'bud', 'his'].flatMap((kind) => play.world.tallies(kind).map(({ actions }) => actions));
        if (play.outcome) expect(Math.max(0, ...open)).toBe(0);
        else expect(open.reduce((sum, one) => sum + one, 0)).toBe(1);
        if (play.outcome === 'nothing') expect(Math.max(0, ...taken)).toBe(0);
        // Whoever waits is asked, or an executor has it.
        const row = play.world.rows.get(`intent:${intentId}`) as { tag: string; action?: { tag: string } };
        if (!play.outcome) expect(['granted', 'escalated']).toContain(row.action!.tag);
        else expect(row.tag).toBe('ended');
      }),
      { numRuns: 500 },
    );
    expect(commits).toBeGreaterThan(5);
  });
});

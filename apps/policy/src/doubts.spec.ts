import { beforeEach, describe, expect, it } from '@jest/globals';
import { eventIdOf, type AnyEvent, type Person } from '@countersign/contracts';
import { Desk, executed, large, small, warrantOf, type Warrant } from './desk.fixture.js';
import { doubted, settled } from './doubts.js';
import type { Checked } from './facts.js';
import { resolved } from './results.js';
import { actionId, alice, bob, carol, desk, deskWith, intentId, saidBy, signed } from './world.fixture.js';

const approvals = { amount: { when: 'over 50', over: '50', roles: ['lead'] } };
const toolsWith = (named: Record<string, object>) =>
  desk.workflow.tools.map((tool) => ({
    ...tool,
    permissions: { ...tool.permissions, ...(named[tool.name] ? { approvals: named[tool.name] } : {}) },
  })) as typeof desk.workflow.tools;

class Doubts extends Desk {
  /** A commit that a rule allowed, on its way. */
  sent(): Warrant {
    const [, approved] = this.call('pay', small);
    return approved!.data as Warrant;
  }

  doubts({ jti }: Warrant, checked: Checked = signed, given = {}): AnyEvent[] {
    const { recordsRead: _, ...of } = executed(jti);
    const said = { code: 'IN_DOUBT' as const, detail: 'no answer', nextStep: 'Look.', idempotencyKey: 'key_1' };
    const data = { ...of, ...said, known: 'sent once', ...given };
    return this.when(doubted, this.record('countersign.action.in-doubt.v1', data), checked);
  }

  says(by: Person, given: object = {}, checked: Checked = saidBy(by), id = `evt_${by.sub}`): AnyEvent[] {
    const named = { intentId, actionId, revision: 0, tenant: 'acme', outcome: 'committed' as const };
    const said = { approver: { sub: by.sub, roles: by.roles }, reason: 'it stands in the ledger', tokenDigest: 'x' };
    const data = { ...named, ...said, decidedAt: new Date(this.now).toISOString(), ...given };
    return this.when(settled, this.record('countersign.approval.settled.v1', data, { id }), checked);
  }
}

let world: Doubts;
beforeEach(() => {
  world = new Doubts();
  world.desk = deskWith({ tools: toolsWith({ pay: approvals }) });
});

const named = { intentId, actionId, revision: 0, tenant: 'acme', outcome: 'committed' };
const settledByBob = {
  ...{ type: 'countersign.action.settled.v1', subject: actionId, causationid: 'evt_bob' },
  id: eventIdOf('countersign.action.settled.v1', actionId, 0),
  data: { ...named, by: 'bob', reason: 'it stands in the ledger' },
};

describe('a verdict on a commit in doubt', () => {
  it('of somebody who may approve the tool settles it, once (1, 2)', () => {
    const warrant = world.sent();
    expect(world.doubts(warrant)).toEqual([]);
    expect(world.says(bob)).toMatchObject([settledByBob]);
    expect([world.says(bob), world.ignored]).toEqual([[], ['bob has said what became of it']]);
    expect([world.says(carol, { outcome: 'failed' }), world.ignored]).toEqual([[], ['bob has said what became of it']]);
    expect([world.doubts(warrant), world.ignored]).toEqual([[], ['known to be in doubt']]);
  });

  it("that comes before the executor's word waits for it (2)", () => {
    const warrant = world.sent();
    expect(world.says(bob)).toEqual([]);
    expect([world.says(carol), world.ignored]).toEqual([[], ['bob has said what became of it']]);
    expect(world.doubts(warrant)).toMatchObject([settledByBob]);
    expect(world.doubts(warrant)).toEqual([]);
  });

  it('of an earlier warrant says nothing of the next one', () => {
    const first = world.sent();
    world.says(bob);
    const next = warrantOf(world.return(first, 'WARRANT_EXPIRED'));
    expect([world.doubts(first), world.ignored]).toEqual([[], ['it answers another warrant']]);
    expect(world.doubts(next)).toEqual([]);
    expect(world.says(carol)).toMatchObject([{ data: { by: 'carol' } }]);
  });

  it('counts while a switch is on: nobody sends anything', () => {
    const warrant = world.sent();
    world.doubts(warrant);
    world.switches.trip();
    expect(world.says(bob)).toMatchObject([settledByBob]);
  });

  it.each<[string, object, Person, Checked, string, RegExp]>([
    ['with an expired token', {}, bob, { tag: 'no-approver', because: 'expired' }, 'UNAUTHENTICATED', /expired/],
    ['of who asked for it', {}, alice, saidBy({ ...alice, roles: ['lead'] }), 'SELF_APPROVAL', /alice asked/],
    ['without the role', {}, bob, saidBy({ ...bob, roles: ['clerk'] }), 'PERMISSION_DENIED', /roles lead$/],
    ['of another tenant', {}, bob, saidBy({ ...bob, tenant: 'globex' }), 'PERMISSION_DENIED', /another tenant/],
    ['naming another tenant', { tenant: 'globex' }, bob, saidBy(bob), 'PERMISSION_DENIED', /another tenant/],
    ['of somebody else than it names', {}, bob, saidBy(carol), 'PERMISSION_DENIED', /somebody else/],
  ])('%s is answered with why, once, and the doubt stays (3)', (_, given, by, checked, code, detail) => {
    world.doubts(world.sent());
    const [answer, ...more] = world.says(by, given, checked, 'evt_no');
    expect(answer).toMatchObject({
      ...{ type: 'countersign.action.unsettled.v1', subject: actionId, causationid: 'evt_no' },
      id: eventIdOf('countersign.action.unsettled.v1', 'evt_no'),
      data: {
        ...named,
        by: by.sub,
        verdictId: 'evt_no',
        code,
        detail: expect.stringMatching(detail),
        nextStep: expect.any(String),
      },
    });
    expect([more, world.says(by, given, checked, 'evt_no'), world.ignored]).toEqual([[], [], ['answered before']]);
    expect(world.says(bob)).toMatchObject([settledByBob]);
  });

  it('that approval did not sign is not even answered (3)', () => {
    world.doubts(world.sent());
    const rows = structuredClone([...world.rows]);
    const forged: Checked = { tag: 'not-trusted', because: 'forged' };
    expect([world.says(bob, {}, forged), world.ignored]).toEqual([[], ["not approval's: forged"]]);
    expect([world.says(bob, {}, signed), world.ignored]).toEqual([[], ["not approval's: signed"]]);
    expect([...world.rows]).toEqual(rows);
  });

  it.each<[string, () => unknown, object, string]>([
    ['an effect that is only looked at', () => world.call('close', { caseId: 'case_7' }), {}, 'no commit of it'],
    ['an action people are asked about', () => world.escalated(large), {}, 'no commit of it'],
    ['other arguments', () => world.doubts(world.sent()), { revision: 1 }, 'no commit of it'],
    ['another action', () => world.doubts(world.sent()), { actionId: 'act_x' }, 'of no open action'],
    ['an intent nobody asked for', () => world.sent(), { intentId: 'int_x' }, 'of no open intent'],
  ])('on %s changes nothing', (_, given, data, because) => {
    given();
    expect([world.says(bob, data), world.ignored]).toEqual([[], [expect.stringContaining(because)]]);
  });
});

it('a doubt that the executor did not sign is none: a verdict goes on waiting', () => {
  const warrant = world.sent();
  const forged: Checked = { tag: 'not-trusted', because: 'forged' };
  expect([world.doubts(warrant, forged), world.ignored]).toEqual([[], ["not executor's: forged"]]);
  expect(world.says(bob)).toEqual([]);
});

describe('whose verdict counts', () => {
  const boss: Person = { sub: 'bruno', tenant: 'acme', roles: ['boss'] };
  it.each<[string, Record<string, object>, Person[]]>([
    ['who may approve the tool', { pay: approvals, close: { caseId: { when: 'always', roles: ['boss'] } } }, [bob]],
    [
      'else who may approve another of the workflow',
      { close: { caseId: { when: 'always', roles: ['boss'] } } },
      [boss],
    ],
    ['else nobody', {}, []],
  ])('%s (1)', (_, maps, whose) => {
    world.desk = deskWith({ tools: toolsWith(maps) });
    world.doubts(world.sent());
    for (const person of [bob, boss].filter((one) => !whose.includes(one)))
      expect(world.says(person, {}, saidBy(person))).toMatchObject([{ type: 'countersign.action.unsettled.v1' }]);
    for (const person of whose) expect(world.says(person)).toMatchObject([{ type: 'countersign.action.settled.v1' }]);
  });

  it('and, of one that a rule had people asked about, those who were asked', () => {
    world.desk = desk;
    const commit = warrantOf(world.grants(world.escalated(), bob));
    world.doubts(commit);
    expect(world.says(carol)).toMatchObject([{ type: 'countersign.action.settled.v1', data: { by: 'carol' } }]);
  });
});

it.each(['committed', 'failed'] as const)('a doubt that a person resolved as %s is at its end', (outcome) => {
  const warrant = world.sent();
  world.doubts(warrant);
  world.says(bob, { outcome });
  const { recordsRead: _, ...of } = executed(warrant.jti);
  const said = { outcome, by: 'person' as const, detail: 'bob', idempotencyKey: 'key_1', result: null };
  const data = { ...of, ...said, recordsChanged: [] };
  expect(world.when(resolved, world.record('countersign.action.resolved.v1', data), signed)).toEqual([]);
  expect(world.rows.get(`intent:${intentId}`)).toEqual({ tag: 'ended', outcome: 'resolved' });
  expect([world.says(carol), world.ignored]).toEqual([[], ['of no open intent']]);
});

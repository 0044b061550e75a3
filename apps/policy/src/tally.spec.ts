import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { allow, defineRule, deny, escalate, pass, type Rule } from '@countersign/policy-kit';
import { askedOf, denialOf, executed, large, types, warrantOf, type Warrant } from './desk.fixture.js';
import { undone } from './results.js';
import { codeOf, Counter, type End } from './tally.fixture.js';
import { budgetTally, historyTally, sessionTally } from './tally.js';
import { actionId, alice, bob, carol, desk, deskWith, intentId, T0 } from './world.fixture.js';

const oneACase = defineRule({
  ...{ name: 'one-a-case', title: 'One payment a case at a time', tools: ['pay'] },
  history: ({ arguments: { caseId } }) => [{ as: 'ofCase', per: 'tenant', of: String(caseId), window: 'ever' }],
  decide: ({ history }) =>
    history['ofCase']!.open > 0 ? deny('LIMIT_EXCEEDED', 'another is open', 'Wait until it has ended.') : pass('none'),
});
const withRules = (...rules: Rule[]) => deskWith({ rules: [...desk.workflow.rules, ...rules] });
const of = (caseId: string, amount = '18.00') => ({ caseId, amount, currency: 'EUR' });
const amy = { ...alice, sub: 'amy' };
const erin = { ...alice, sub: 'erin', tenant: 'globex' };

let world: Counter;
beforeEach(() => {
  world = new Counter();
  world.desk = withRules(oneACase);
});
const pay = (args: ReturnType<typeof of>, given = {}) => world.pay(args, given);

describe('an open action a case', () => {
  it('holds back the next one, whoever of the tenant asks, and nothing else (1)', () => {
    pay(of('case_1'));
    const second = pay(of('case_1'), { by: amy });
    expect(second.event.data).toMatchObject({
      ...{ code: 'LIMIT_EXCEEDED', nextStep: 'Wait until it has ended.', final: false },
      facts: { history: { 'one-a-case/ofCase': { open: 1, actions: 1, amounts: { EUR: '18' } } } },
    });
    expect(codeOf(pay(of('case_2')))).toBe('approved');
    expect(codeOf(pay(of('case_1'), { by: erin }))).toBe('approved');
  });

  it.each<End>(['failed', 'blocked', 'drafted', 'committed', 'in full', 'not at all'])(
    'lets the next one pass once it has ended: %s (2)',
    (end) => {
      const first = pay(of('case_1'));
      world.ends(first, end);
      world.ends(first, end);
      expect(codeOf(pay(of('case_1')))).toBe('approved');
      expect(codeOf(pay(of('case_1')))).toBe('LIMIT_EXCEEDED');
    },
  );

  it('is open while people are asked and while its effect is computed, and is no other of itself (4)', () => {
    const asked = world.escalated(large);
    expect(codeOf(pay(of('case_7')))).toBe('LIMIT_EXCEEDED');
    expect(warrantOf(world.grants(asked, bob)).grant).toBe('commit');
    expect(codeOf(pay(of('case_7')))).toBe('LIMIT_EXCEEDED');
    expect(pay(of('case_8', '200.00')).event.data).toMatchObject({ grant: 'preview' });
    expect(codeOf(pay(of('case_8')))).toBe('LIMIT_EXCEEDED');
  });

  it('is none any more once a person said no, and asks for nothing of those denied (2)', () => {
    const asked = world.escalated(large);
    expect(codeOf(pay(of('case_7')))).toBe('LIMIT_EXCEEDED');
    world.rejects(asked, carol);
    expect(world.tallies('his')).toEqual([{ open: 0, actions: 0, records: 0, amounts: {} }]);
    expect(codeOf(pay(of('case_7')))).toBe('approved');
  });

  it('moves with an edit to the case that is paid then (2)', () => {
    const asked = world.escalated(large);
    const edited = world.edited(asked, carol, { ...large, caseId: 'case_9' });
    expect(codeOf(pay(of('case_7')))).toBe('approved');
    expect(codeOf(pay(of('case_9')))).toBe('LIMIT_EXCEEDED');
    expect(warrantOf(world.grants(edited, bob)).arguments).toMatchObject({ caseId: 'case_9' });
  });

  it('is no other of itself when it is edited, and keeps its place (4)', () => {
    const edited = world.edited(world.escalated(large), carol, { ...large, amount: '180.00' });
    expect(codeOf(pay(of('case_7')))).toBe('LIMIT_EXCEEDED');
    expect(world.tallies('his')).toMatchObject([{ open: 1, actions: 0 }]);
    expect(warrantOf(world.grants(edited, bob)).arguments).toMatchObject({ amount: '180.00' });
    expect(world.tallies('his')).toMatchObject([{ open: 1, actions: 1, amounts: { EUR: '180' } }]);
  });

  it('may not be edited onto a case that has one already', () => {
    pay(of('case_9'));
    const asked = world.escalated(large);
    const again = askedOf(world.edits(asked, carol, { ...large, caseId: 'case_9' }));
    expect(again).toMatchObject({ arguments: large, because: expect.stringContaining('another is open') });
    expect(codeOf(pay(of('case_7')))).toBe('LIMIT_EXCEEDED');
  });

  it('counts planned actions as others, two of one intent too, and forgets them on the intent (2)', () => {
    world.ask();
    const first = warrantOf(world.propose('pay', of('case_7'), { index: 0 }));
    expect(denialOf(world.propose('pay', of('case_7'), { index: 1 }))).toMatchObject({ code: 'LIMIT_EXCEEDED' });
    const other = warrantOf(world.propose('pay', of('case_8'), { index: 2 }));
    const bookedOf = () => (world.rows.get(`intent:${intentId}`) as { booked?: object }).booked;
    expect(Object.keys(bookedOf()!)).toEqual([first.actionId, other.actionId]);
    world.ends({ event: { data: first } as never, intentId, actionId: first.actionId }, 'committed');
    expect(Object.keys(bookedOf()!)).toEqual([other.actionId]);
    expect(types(world.propose('pay', of('case_7'), { index: 3 }))).toEqual(['action.approved']);
    expect(world.rows.get(`intent:${intentId}`)).toMatchObject({ proposals: 4 });
  });

  it('is looked at by a dry run and not counted for it, nor by its end', () => {
    const [, dry] = world.call('pay', of('case_1'), { dry_run: true });
    expect(dry!.data).toMatchObject({ grant: 'preview' });
    expect(codeOf(pay(of('case_1')))).toBe('approved');
    expect(codeOf(pay(of('case_1'), { data: { dry_run: true } }))).toBe('LIMIT_EXCEEDED');
    expect(world.preview(dry!.data as Warrant, { balance: '1' })).toEqual([]);
    expect(world.rows.get(`intent:${intentId}`)).toMatchObject({ tag: 'ended', outcome: 'previewed' });
    expect(world.tallies('his')).toEqual([{ open: 1, actions: 1, records: 1, amounts: { EUR: '18' } }]);
  });
});

describe('what a rule has counted', () => {
  const daily = defineRule({
    ...{ name: 'daily', title: 'Much in a day', tools: ['pay'] },
    history: () => [{ as: 'today', per: 'tenant', window: 'day' }],
    decide: ({ history, arguments: { amount } }) =>
      Number(history['today']!.amounts['EUR'] ?? 0) + Number(amount) > 100
        ? escalate('much', ['lead'])
        : pass('little'),
  });

  it('is what was granted on that day, its own aside (4)', () => {
    world.desk = withRules(daily);
    for (const by of [alice, amy])
      expect(pay(of('case_1', '50.00'), { by }).event.data).toMatchObject({ grant: 'commit' });
    expect(pay(of('case_1', '1.00')).event.data).toMatchObject({ grant: 'preview' });
    expect(pay(of('case_1', '1.00'), { at: T0 + 24 * 3_600_000 }).event.data).toMatchObject({ grant: 'commit' });
    expect(pay(of('case_1', '1.00'), { by: erin }).event.data).toMatchObject({ grant: 'commit' });
  });

  it('does not count a grant twice when it comes back unsent (4)', () => {
    world.desk = withRules(daily);
    world.call('pay', of('case_1', '50.00'));
    pay(of('case_2', '50.00'));
    const jti = (world.rows.get(`intent:${intentId}`) as { action: { jti: string } }).action.jti;
    expect(warrantOf(world.return({ jti, actionId }, 'WARRANT_EXPIRED')).grant).toBe('commit');
    expect(world.tallies('his')).toMatchObject([{ open: 2, actions: 2, amounts: { EUR: '100' } }]);
  });

  it('is of reads too where the rules of a read ask for it', () => {
    const curious = defineRule({
      ...{ name: 'curious', title: 'Three looks a session', tools: ['look_up'] },
      history: () => [{ as: 'looks', per: 'user', window: 'session' }],
      decide: ({ history }) => (history['looks']!.actions < 3 ? pass('few') : deny('LIMIT_EXCEEDED', 'enough')),
    });
    world.desk = withRules(curious);
    const look = (session: string) => codeOf(world.one('look_up', { caseId: 'case_1' }, { session }));
    expect(['a', 'a', 'b', 'a', 'a', 'b'].map(look)).toEqual([
      ...['approved', 'approved', 'approved', 'approved', 'LIMIT_EXCEEDED', 'approved'],
    ]);
  });

  it('is its own, whatever another rule counts under the same name (3)', () => {
    const counting = (name: string, per: 'user' | 'tenant') =>
      defineRule({
        ...{ name, title: name, tools: ['pay'] },
        history: () => [{ as: 'all', per, window: 'ever' }],
        decide: ({ history }) => pass(`${history['all']!.actions} before`),
      });
    world.desk = withRules(counting('mine', 'user'), counting('ours', 'tenant'));
    pay(of('case_1'), { by: amy });
    expect(pay(of('case_2')).event.data).toMatchObject({
      rules: [{ rule: 'small' }, { rule: 'mine', reason: '0 before' }, { rule: 'ours', reason: '1 before' }],
    });
  });

  it.each([
    ['throws', () => JSON.parse('{')],
    ['counts what is no text', () => [{ as: 'x', per: 'user', of: { a: 1 }, window: 'ever' }]],
    ['counts since nobody knows when', () => [{ as: 'x', per: 'user', window: 'year' }]],
  ])('denies where it %s, and locks no row', (_, history) => {
    world.desk = withRules(defineRule({ ...oneACase, history: history as never }));
    expect(pay(of('case_1')).event.data).toMatchObject({
      code: 'PERMISSION_DENIED',
      detail: expect.stringContaining('unsure'),
    });
    expect(world.touched.map((key) => key.split(':')[0])).toEqual(['intent']);
  });

  it('is asked of arguments as the tool takes them: what it does not take is denied without', () => {
    expect(codeOf(world.one('pay', { caseId: ['case_1'], amount: 1 }))).toBe('INVALID_ARGUMENTS');
    expect(world.touched.map((key) => key.split(':')[0])).toEqual(['intent']);
    world.ask();
    expect(denialOf(world.propose('pay', { caseId: { toString: 'x' } }))).toMatchObject({ code: 'INVALID_ARGUMENTS' });
  });

  it('denies what was open before the rule came: nobody had it counted', () => {
    world.desk = desk;
    world.ask();
    const warrant = warrantOf(world.propose('pay', large));
    world.desk = withRules(oneACase);
    expect(denialOf(world.preview(warrant, { balance: '1' }))).toMatchObject({
      ...{ code: 'PERMISSION_DENIED', detail: expect.stringContaining('its history ofCase is not known') },
    });
  });
});

describe('a forged result', () => {
  it.each(['__proto__', 'constructor', actionId])('of %s locks nothing it may not, and changes nothing', (forged) => {
    world.ask();
    world.propose('pay', of('case_7'), { index: 1 });
    const rows = structuredClone([...world.rows]);
    const data = executed('jti_none', { actionId: forged });
    const failed = { ...data, code: 'UPSTREAM_FAILED' as const, detail: 'd', nextStep: 'n' };
    world.when(undone('failed'), world.record('countersign.action.failed.v1', failed), {
      tag: 'not-trusted',
      because: 'x',
    });
    expect([...world.rows]).toEqual(rows);
  });
});

describe('ids of tally rows', () => {
  const text = fc.constantFrom('a', 'b', '', 'a/b', 'a\nb', '1:a');
  const places = fc.record({
    ...{ tenant: text, sub: text, session: text, workflow: text, name: text, as: text },
    of: fc.option(text, { nil: undefined }),
    kind: fc.constantFrom('session', 'budget', 'history'),
    day: fc.constantFrom('2026-03-01', '2026-03-02'),
    per: fc.constantFrom<'user' | 'tenant'>('user', 'tenant'),
    window: fc.constantFrom<'session' | 'day' | 'ever'>('session', 'day', 'ever'),
  });
  type Place = typeof places extends fc.Arbitrary<infer T> ? T : never;
  const idOf = ({ tenant, sub, session, day, workflow, kind, name, per, as, window, of }: Place): string => {
    const whose = { tenant, actor: { sub, tenant, roles: [] }, session, day, workflow };
    if (kind === 'session') return sessionTally(whose);
    if (kind === 'budget') return budgetTally(whose, { name, per }, 'pay');
    const ask = { as, per, window, ...(of === undefined ? {} : { of }) };
    return historyTally(whose, { rule: name, name: '', ask });
  };
  /** Only what that kind of row counts by. */
  const countsBy = ({ tenant, sub, session, day, workflow, kind, name, per, as, of, window }: Place): string => {
    const who = per === 'user' ? sub : null;
    const since = { session: [sub, session], day: [day], ever: [] }[window];
    if (kind === 'session') return JSON.stringify([kind, tenant, sub, workflow, session]);
    if (kind === 'budget') return JSON.stringify([kind, tenant, workflow, name, per, who, day]);
    return JSON.stringify([kind, tenant, workflow, name, as, per, who, of ?? null, window, since]);
  };

  it('differ where anything of what they count differs, and nowhere else (3)', () => {
    const keys = ['tenant', 'sub', 'session', 'workflow', 'name', 'as', 'of', 'kind', 'day', 'per', 'window'] as const;
    const check = fc.property(places, places, fc.subarray([...keys], { maxLength: 2 }), (one, other, parts) => {
      const two = { ...one, ...Object.fromEntries(parts.map((key) => [key, other[key]])) };
      expect(idOf(one) === idOf(two)).toBe(countsBy(one) === countsBy(two));
    });
    fc.assert(check, { numRuns: 3_000, seed: 7 });
  });
});

it('is the same sum whatever comes in whatever order: rows say what is open and what was done (1, 2)', () => {
  const step = fc.tuple(fc.constantFrom('a', 'b'), fc.constantFrom<End>('failed', 'blocked', 'committed'), fc.nat(2));
  const seeing = defineRule({
    ...{ name: 'seeing', title: 'Seeing', tools: ['pay'] },
    history: ({ arguments: { caseId } }) => [{ as: 'ofCase', per: 'tenant', of: String(caseId), window: 'ever' }],
    decide: ({ history }) => allow(JSON.stringify(history['ofCase'])),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      world = new Counter();
      world.desk = withRules(seeing);
      const open: { caseId: string; end: End; call: ReturnType<typeof pay> }[] = [];
      const count = { a: { open: 0, actions: 0 }, b: { open: 0, actions: 0 } };
      for (const [name, end, keep] of steps) {
        const row = count[name as 'a' | 'b'];
        const call = pay(of(name, '1.00'));
        expect(call.event.data).toMatchObject({ facts: { history: { 'seeing/ofCase': row } } });
        row.open++;
        row.actions++;
        open.push({ caseId: name, end, call });
        while (open.length > keep) {
          const one = open.shift()!;
          world.ends(one.call, one.end);
          const its = count[one.caseId as 'a' | 'b'];
          its.open--;
          if (one.end !== 'committed') its.actions--;
        }
      }
    }),
    { numRuns: 40, seed: 7 },
  );
});

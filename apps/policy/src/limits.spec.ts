import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AnyEvent, JsonObject } from '@countersign/contracts';
import { denialOf, Desk, executed, large, types, warrantOf, type Warrant } from './desk.fixture.js';
import { done, resolved, undone } from './results.js';
import { actionId, alice, bob, desk, deskWith, intentId, isPerson, signed, T0, type World } from './world.fixture.js';
import { actionIdOf, intentIdOf } from '@countersign/contracts';

const limits = { ...desk.workflow.limits, amountPerSession: { EUR: '60.00' }, amountPerDay: { EUR: '100.00' } };
let world: Desk;
beforeEach(() => {
  world = new Desk();
  world.desk = deskWith({ limits: { ...limits, recordsPerDay: 5 } });
});

const of = (amount: string, currency = 'EUR') => ({ caseId: 'case_7', amount, currency });
let requests = 0;
/** One more tool call of alice's, in a session of its own unless one is given. */
function pay(args: JsonObject, given: { session?: string; at?: number; by?: typeof alice } = {}) {
  const id = `req-${++requests}`;
  const { session = id, at = T0, by = alice } = given;
  const [, event] = world.call('pay', args, { session }, isPerson(by), { id, at });
  const mine = intentIdOf(by.tenant, '/shop', id);
  return { event: event!, intentId: mine, actionId: actionIdOf(mine, 0, 0) };
}
const codeOf = (event: AnyEvent) => (event.data as { code?: string }).code ?? event.type.split('.')[2];
type End = 'failed' | 'blocked' | 'committed' | 'in full' | 'not at all';
function ends({ event, intentId, actionId }: ReturnType<typeof pay>, end: End) {
  const common = { ...executed((event.data as Warrant).jti, { intentId, actionId }) };
  const refusal = { code: 'UPSTREAM_FAILED' as const, detail: 'd', nextStep: 'n' };
  const changed = { idempotencyKey: 'k', result: null, recordsChanged: [] };
  const looked = { ...changed, by: 'lookup' as const, detail: 'd' };
  const { recordsRead: _, ...bare } = common;
  switch (end) {
    case 'failed':
      return world.when(
        undone('failed'),
        world.record('countersign.action.failed.v1', { ...common, ...refusal }),
        signed,
      );
    case 'blocked':
      return world.when(
        undone('blocked'),
        world.record('countersign.action.blocked.v1', { ...bare, ...refusal }),
        signed,
      );
    case 'committed':
      return world.when(
        done('committed'),
        world.record('countersign.action.committed.v1', { ...common, ...changed }),
        signed,
      );
    default: {
      const outcome = end === 'in full' ? ('committed' as const) : ('failed' as const);
      return world.when(
        resolved,
        world.record('countersign.action.resolved.v1', { ...bare, ...looked, outcome }),
        signed,
      );
    }
  }
}

describe('what a user may commit', () => {
  it('in a session is limited, and the denial says what is left (1)', () => {
    const session = 's-9';
    expect(codeOf(pay(of('45.00'), { session }).event)).toBe('approved');
    expect(pay(of('15.01'), { session }).event.data).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      detail: '15.01 EUR; 15 of 60.00 EUR a session are left',
      nextStep: expect.any(String),
    });
    expect(codeOf(pay(of('15.00'), { session }).event)).toBe('approved');
    expect(codeOf(pay(of('0.01'), { session }).event)).toBe('LIMIT_EXCEEDED');
  });

  it('on a day is limited over all sessions, by the day the broker took it (1)', () => {
    for (const amount of ['50.00', '49.99']) expect(codeOf(pay(of(amount)).event)).toBe('approved');
    expect(pay(of('0.02')).event.data).toMatchObject({ detail: '0.02 EUR; 0.01 of 100.00 EUR a day are left' });
    expect(codeOf(pay(of('0.02'), { at: T0 + 24 * 3_600_000 }).event)).toBe('approved');
    expect(codeOf(pay(of('0.02'), { by: { ...alice, sub: 'amy' } }).event)).toBe('approved');
  });

  it('counts records too, and a currency that is not named has nothing left (3)', () => {
    for (let times = 0; times < 5; times++) expect(codeOf(pay(of('1.00')).event)).toBe('approved');
    expect(pay(of('1.00')).event.data).toMatchObject({ detail: '1 records; 0 of 5 a day are left' });
    world = new Desk();
    world.desk = deskWith({ limits: { ...limits, amountPerAction: { EUR: '9.00', USD: '9.00' } } });
    expect(pay(of('1.00', 'USD')).event.data).toMatchObject({ detail: 'no amount of USD is allowed a session' });
  });

  it.each<[End, string]>([
    ['failed', 'approved'],
    ['blocked', 'approved'],
    ['not at all', 'approved'],
    ['committed', 'LIMIT_EXCEEDED'],
    ['in full', 'LIMIT_EXCEEDED'],
  ])('is given back, once, when nothing was done: %s (2)', (end, then) => {
    const first = pay(of('50.00'), { session: 'a' });
    pay(of('50.00'), { session: 'b' });
    ends(first, end);
    ends(first, end);
    expect(codeOf(pay(of('50.00'), { session: 'a' }).event)).toBe(then);
    expect(codeOf(pay(of('0.01'), { session: 'b' }).event)).toBe('LIMIT_EXCEEDED');
  });

  it('stays reserved while nobody knows whether it was done (2)', () => {
    for (const amount of ['45.00', '15.00']) pay(of(amount), { session: 'a' });
    expect(codeOf(pay(of('0.01'), { session: 'a' }).event)).toBe('LIMIT_EXCEEDED');
  });

  it('is given back while people are asked, and denied before they are if nothing is left (2)', () => {
    world.desk = deskWith({
      limits: { ...limits, amountPerSession: { EUR: '250.00' }, amountPerDay: { EUR: '250.00' } },
    });
    const warrant = warrantOf(world.grants(world.escalated(large), bob));
    expect(codeOf(pay(of('50.01')).event)).toBe('LIMIT_EXCEEDED');
    expect(types(world.return(warrant, 'WARRANT_EXPIRED'))).toEqual(['action.approved']);
    expect(codeOf(pay(of('50.01')).event)).toBe('LIMIT_EXCEEDED');
    const again = world.rows.get(`intent:${intentId}`) as { action: { jti: string } };
    expect(types(world.return({ jti: again.action.jti, actionId }, 'PREVIEW_CHANGED', { balance: '1' }))).toEqual([
      'action.escalated',
    ]);
    expect(codeOf(pay(of('50.00')).event)).toBe('approved');
    expect(pay(of('200.01')).event.data).toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });

  it('counts for planned actions as for others', () => {
    world.ask();
    const place = (index: number) => ({ index });
    const warrant = warrantOf(world.propose('pay', of('45.00'), place(0)));
    expect(denialOf(world.propose('pay', of('20.00'), place(1)))).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      final: false,
    });
    ends({ event: { data: warrant } as never, intentId, actionId: warrant.actionId }, 'failed');
    expect(types(world.propose('pay', of('20.00'), place(2)))).toEqual(['action.approved']);
  });

  it('costs nothing of what does not change anything, nor where no such limit is declared', () => {
    const rowsOf = (made: World) => made.touched.map((key) => key.split(':')[0]);
    world.call('look_up', { caseId: 'c' });
    expect(rowsOf(world)).toEqual(['intent']);
    pay(of('1.00'));
    expect(rowsOf(world)).toEqual(['intent', 'limit', 'limit']);
    world.desk = desk;
    pay(of('1.00'));
    expect(rowsOf(world)).toEqual(['intent']);
  });

  it('never exceeds its limit, whatever comes in whatever order, and nothing is lost of it', () => {
    const step = fc.tuple(
      fc.integer({ min: 1, max: 4_000 }),
      fc.constantFrom<'a' | 'b' | 'c'>('a', 'b', 'c'),
      fc.constantFrom<End>('failed', 'blocked', 'committed', 'in full', 'not at all'),
      fc.nat(3),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        world = new Desk();
        world.desk = deskWith({ limits });
        const open: { cents: number; session: 'a' | 'b' | 'c'; end: End; action: ReturnType<typeof pay> }[] = [];
        const kept = { day: 0, a: 0, b: 0, c: 0 };
        const count = (session: 'a' | 'b' | 'c', cents: number) => {
          kept.day += cents;
          kept[session] += cents;
        };
        for (const [cents, session, end, left] of steps) {
          const action = pay(of((cents / 100).toFixed(2)), { session });
          const fits = kept.day + cents <= 10_000 && kept[session] + cents <= 6_000;
          expect(codeOf(action.event)).toBe(fits ? 'approved' : 'LIMIT_EXCEEDED');
          if (fits) open.push({ cents, session, end, action });
          if (fits) count(session, cents);
          while (open.length > left) {
            const one = open.shift()!;
            ends(one.action, one.end);
            if (one.end !== 'committed' && one.end !== 'in full') count(one.session, -one.cents);
          }
        }
        const day = [...world.rows].find(([key]) => key.startsWith('limit:day'));
        const total = (day?.[1] as { amounts: { EUR?: string } } | undefined)?.amounts.EUR ?? '0';
        expect(Number(total)).toBeCloseTo(kept.day / 100, 6);
      }),
      { numRuns: 60 },
    );
  });
});

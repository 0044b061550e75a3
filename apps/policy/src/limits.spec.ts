import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '@countersign/contracts';
import { denialOf, large, types, warrantOf } from './desk.fixture.js';
import { codeOf, Counter, type Called, type End } from './tally.fixture.js';
import { actionId, alice, bob, desk, deskWith, intentId, isPerson, T0, type World } from './world.fixture.js';

const limits = { ...desk.workflow.limits, amountPerSession: { EUR: '60.00' } };
const money = { name: 'money', per: 'user' as const, amountPerDay: { EUR: '100.00' } };
let world: Counter;
beforeEach(() => {
  world = new Counter();
  world.desk = deskWith({ limits, budgets: [{ ...money, recordsPerDay: 5 }] });
});

const of = (amount: string, currency = 'EUR') => ({ caseId: 'case_7', amount, currency });
const pay = (args: JsonObject, given = {}) => world.pay(args, given);

describe('what a user may commit', () => {
  it('in a session is limited, and the denial says what is left (1)', () => {
    const session = 's-9';
    expect(codeOf(pay(of('45.00'), { session }))).toBe('approved');
    expect(pay(of('15.01'), { session }).event.data).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      detail: '15.01 EUR; 15 of 60.00 EUR a session are left',
      nextStep: expect.any(String),
    });
    expect(codeOf(pay(of('15.00'), { session }))).toBe('approved');
    expect(codeOf(pay(of('0.01'), { session }))).toBe('LIMIT_EXCEEDED');
  });

  it('on a day is limited over all sessions, by the day the broker took it; the denial says until when (1, 4)', () => {
    for (const amount of ['50.00', '49.99']) expect(codeOf(pay(of(amount)))).toBe('approved');
    expect(pay(of('0.02')).event.data).toMatchObject({
      ...{ code: 'RATE_LIMITED', final: false, retryAt: '2026-03-02T00:00:00.000Z' },
      detail: 'alice used 99.99 of 100.00 EUR of 2026-03-01 (money); this takes 0.02',
      nextStep: 'Tell the user; ask again from 2026-03-02T00:00:00.000Z on.',
    });
    expect(codeOf(pay(of('0.02'), { at: T0 + 24 * 3_600_000 }))).toBe('approved');
    expect(codeOf(pay(of('0.02'), { by: { ...alice, sub: 'amy' } }))).toBe('approved');
  });

  it('counts records too, and a currency that is not named has nothing left (3)', () => {
    for (let times = 0; times < 5; times++) expect(codeOf(pay(of('1.00')))).toBe('approved');
    expect(pay(of('1.00')).event.data).toMatchObject({
      ...{ code: 'RATE_LIMITED', detail: 'alice used 5 of 5 records of 2026-03-01 (money); this takes 1' },
    });
    const both = { EUR: '9.00', USD: '9.00' };
    world.desk = deskWith({ limits: { ...limits, amountPerAction: both }, budgets: [money] });
    expect(pay(of('1.00', 'USD')).event.data).toMatchObject({ detail: 'no amount of USD is allowed a session' });
    world.desk = deskWith({ limits: { ...desk.workflow.limits, amountPerAction: both }, budgets: [money] });
    expect(pay(of('1.00', 'USD')).event.data).toMatchObject({
      ...{ code: 'LIMIT_EXCEEDED', detail: 'no amount of USD is allowed a day (money)' },
    });
  });

  it('is never promised for another day where no day has that much (4)', () => {
    world.desk = deskWith({ budgets: [money, { name: 'none', per: 'tool', actionsPerDay: 0, tools: ['close'] }] });
    const denied = pay(of('100.01')).event.data;
    expect(denied).toMatchObject({ code: 'LIMIT_EXCEEDED', detail: '100.01 EUR; at most 100.00 a day (money)' });
    expect(denied).not.toHaveProperty('retryAt');
    const [, event] = world.call('close', { caseId: 'c' }, {}, isPerson(alice), { id: 'other' });
    expect(codeOf({ event: event! })).toBe('LIMIT_EXCEEDED');
  });

  it.each<[End, string]>([
    ['failed', 'approved'],
    ['blocked', 'approved'],
    ['not at all', 'approved'],
    ['committed', 'RATE_LIMITED'],
    ['in full', 'RATE_LIMITED'],
  ])('is given back, once, when nothing was done: %s (2)', (end, then) => {
    const first = pay(of('50.00'), { session: 'a' });
    pay(of('50.00'), { session: 'b' });
    world.ends(first, end);
    world.ends(first, end);
    expect(codeOf(pay(of('50.00'), { session: 'c' }))).toBe(then);
    expect(codeOf(pay(of('0.01'), { session: 'b' }))).toBe('RATE_LIMITED');
  });

  it('stays reserved while nobody knows whether it was done (2)', () => {
    for (const amount of ['45.00', '15.00']) pay(of(amount), { session: 'a' });
    expect(codeOf(pay(of('0.01'), { session: 'a' }))).toBe('LIMIT_EXCEEDED');
  });

  it('is given back while people are asked, and denied before they are if nothing is left (2)', () => {
    world.desk = deskWith({ budgets: [{ ...money, amountPerDay: { EUR: '250.00' } }] });
    const warrant = warrantOf(world.grants(world.escalated(large), bob));
    expect(codeOf(pay(of('50.01')))).toBe('RATE_LIMITED');
    expect(types(world.return(warrant, 'WARRANT_EXPIRED'))).toEqual(['action.approved']);
    expect(codeOf(pay(of('50.01')))).toBe('RATE_LIMITED');
    const again = world.rows.get(`intent:${intentId}`) as { action: { jti: string } };
    expect(types(world.return({ jti: again.action.jti, actionId }, 'PREVIEW_CHANGED', { balance: '1' }))).toEqual([
      'action.escalated',
    ]);
    expect(codeOf(pay(of('50.00')))).toBe('approved');
    expect(pay(of('200.01')).event.data).toMatchObject({ code: 'RATE_LIMITED' });
  });

  it('counts for planned actions as for others', () => {
    world.ask();
    const place = (index: number) => ({ index });
    const warrant = warrantOf(world.propose('pay', of('45.00'), place(0)));
    expect(denialOf(world.propose('pay', of('20.00'), place(1)))).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      final: false,
    });
    world.ends({ event: { data: warrant } as never, intentId, actionId: warrant.actionId }, 'failed');
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
        world = new Counter();
        world.desk = deskWith({ limits, budgets: [money] });
        const open: { cents: number; session: 'a' | 'b' | 'c'; end: End; action: Called }[] = [];
        const kept = { day: 0, a: 0, b: 0, c: 0 };
        const count = (session: 'a' | 'b' | 'c', cents: number) => {
          kept.day += cents;
          kept[session] += cents;
        };
        for (const [cents, session, end, left] of steps) {
          const action = pay(of((cents / 100).toFixed(2)), { session });
          const fits = kept.day + cents <= 10_000 && kept[session] + cents <= 6_000;
          const over = kept[session] + cents > 6_000 ? 'LIMIT_EXCEEDED' : 'RATE_LIMITED';
          expect(codeOf(action)).toBe(fits ? 'approved' : over);
          if (fits) open.push({ cents, session, end, action });
          if (fits) count(session, cents);
          while (open.length > left) {
            const one = open.shift()!;
            world.ends(one.action, one.end);
            if (one.end !== 'committed' && one.end !== 'in full') count(one.session, -one.cents);
          }
        }
        const day = [...world.rows].find(([key]) => key.startsWith('limit:bud'));
        const total = (day?.[1] as { amounts: { EUR?: string } } | undefined)?.amounts.EUR ?? '0';
        expect(Number(total)).toBeCloseTo(kept.day / 100, 6);
      }),
      { numRuns: 60 },
    );
  });
});

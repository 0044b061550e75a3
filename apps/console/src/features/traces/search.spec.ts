import { describe, expect, it } from '@jest/globals';
import { asLastHeard, became, freshAmong, headline, queryOf, short, type Line } from './asked.js';
import { traceSearch, tracesSearch } from './search.js';

const NOON = new Date(2026, 2, 10, 12);
const line = (given: Partial<Line>): Line => ({
  ...{ intentId: 'int_1', at: '2026-03-10T12:00:00.000Z', tenant: 'acme', actor: 'alice', through: [], session: 's-1' },
  ...{
    kind: 'intent',
    workflow: 'support-desk',
    text: null,
    state: 'ended',
    outcome: 'answered',
    code: null,
    actions: [],
  },
  ...given,
});
const action = (tool: string, outcome: string | null, code: string | null = null) => ({
  ...{ actionId: `act_${tool}`, tool, outcome, code },
});

describe('the address of a search', () => {
  it('says what is known and leaves out the rest', () => {
    const given = {
      record: 'ord_1',
      text: 42,
      tool: '',
      range: 'yesterday',
      from: '2026-01-01',
      nonsense: 1,
      peek: [],
    };
    expect(tracesSearch(given)).toEqual({ record: 'ord_1', text: '42', range: 'yesterday' });
    expect(tracesSearch({ from: 'never', to: '2026-01-01T10:00:00+01:00', unverified: 'yes' })).toEqual({
      to: '2026-01-01T09:00:00.000Z',
    });
    expect(traceSearch({ tab: 'timeline', failed: 'true', event: 'x', q: ' ' })).toEqual({
      ...{ tab: 'timeline', failed: true, event: 'x' },
    });
    expect(traceSearch({ tab: '<b>' })).toEqual({});
  });

  it('asks for the reader’s own days', () => {
    const midnight = (day: number) => new Date(2026, 2, day).toISOString();
    expect(queryOf({ range: 'yesterday', record: 'ord_1', peek: 'int_1' }, NOON)).toEqual({
      ...{ record: 'ord_1', from: midnight(9), to: midnight(10) },
    });
    expect(queryOf({ range: 'today' }, NOON)).toEqual({ from: midnight(10) });
    expect(queryOf({ range: 'hour' }, NOON)).toEqual({ from: new Date(2026, 2, 10, 11).toISOString() });
    expect(queryOf({ unverified: true, code: 'NOT_FOUND' }, NOON)).toEqual({ tenant: 'unverified', code: 'NOT_FOUND' });
  });
});

describe('a trace in a list', () => {
  it('is headed by who asked’s own words, or by the one call they asked for', () => {
    expect(headline(line({ text: 'Refund it' }))).toBe('Refund it');
    const asked = { tool: 'issue_refund', arguments: { orderId: 'ord_1', note: { $sealed: { token: 'tok_1' } } } };
    expect(headline(line({ asked }))).toBe('Issue refund: order id ord_1, note sealed value');
    expect(headline(line({ state: 'refused' }))).toBe('A request that was never accepted');
    expect(short('one two three four', 12)).toBe('one two…');
  });

  it('says what became of it: of reads only if there is nothing else to say', () => {
    const read = action('get_order', 'read');
    expect(became(line({ actions: [read, action('issue_refund', 'denied', 'KILLED')] }))).toEqual([
      { tone: 'bad', says: 'denied', tool: 'issue_refund', code: 'KILLED' },
    ]);
    expect(became(line({ actions: [read] }))).toEqual([{ tone: 'plain', says: 'read', tool: 'get_order' }]);
    expect(became(line({ state: 'refused', code: 'UNAUTHENTICATED' }))).toEqual([
      { tone: 'bad', says: 'refused', code: 'UNAUTHENTICATED' },
    ]);
    expect(became(line({}))).toEqual([{ tone: 'good', says: 'answered' }]);
    expect(became(line({ code: 'MODEL_FAILED' }))).toEqual([{ tone: 'bad', says: 'ended', code: 'MODEL_FAILED' }]);
    expect(became(line({ state: 'open' }))).toEqual([{ tone: 'info', says: 'under way' }]);
    expect(became(line({ actions: [action('x', 'never-heard-of')] }))[0]!.tone).toBe('warn');
  });

  it('stays where it stands: what came since is counted, what is shown is brought up to date', () => {
    const [old, top] = [line({ intentId: 'int_0', at: '2026-03-10T11:00:00.000Z' }), line({})];
    const ended = { ...top, code: 'KILLED' };
    const since = line({ intentId: 'int_2', at: '2026-03-10T12:00:01.000Z' });
    expect(freshAmong([top], [since, ended, old])).toEqual([since]);
    expect(freshAmong([], [old])).toEqual([old]);
    expect(asLastHeard([top, old], [since, ended])).toEqual([ended, old]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { causeWords, clockOf, nothingOf, openedBy, queryOf, stateWords, subjectOf, type Incident } from './incident.js';
import { fileName, wishesFor, wishOf } from './expectations.js';
import { incidentsSearch } from './search.js';

const NOW = Date.parse('2026-03-02T09:00:00.000Z');
const due = (hours: number): Pick<Incident, 'state' | 'dueAt' | 'hours'> => ({
  ...{ state: 'open', dueAt: new Date(NOW + hours * 3_600_000).toISOString(), hours: null },
});

describe('the clock of an incident', () => {
  it.each([
    [23.5, 'running', '23 h 30 min left', 'Open'],
    [5.99, 'soon', '5 h 59 min left', 'Open'],
    [0, 'late', 'overdue by 0 s', 'Overdue'],
    [-0.5, 'late', 'overdue by 30 min 00 s', 'Overdue'],
    [-30, 'late', 'overdue by 30.0 h', 'Overdue'],
    [-72, 'late', 'overdue by 3 days', 'Overdue'],
  ])('%s hours before it runs out', (hours, tone, words, state) => {
    expect(clockOf(due(hours), NOW)).toEqual({ tone, words });
    expect(stateWords(due(hours), NOW)).toBe(state);
  });

  it('stops when it is captured, however long that took', () => {
    const captured = { ...due(-30), state: 'captured' as const, hours: 25.04 };
    expect(clockOf(captured, NOW)).toEqual({ tone: 'stopped', words: 'captured after 25.0 h' });
    expect(stateWords(captured, NOW)).toBe('Captured');
  });
});

describe('an incident in words', () => {
  it('says why, about what and by whom', () => {
    expect(causeWords('override')).toBe('A person rejected or edited what was proposed');
    expect([openedBy({ by: 'sam' }), openedBy({ by: null })]).toEqual(['sam', 'a rule']);
    expect(subjectOf({ tool: 'issue_refund', actionId: 'act_1' })).toBe('issue refund');
    expect(subjectOf({ tool: null, actionId: null })).toBe('a whole request');
    expect(subjectOf({ tool: null, actionId: 'act_1' })).toContain('archived');
  });

  it('says of an empty list what that means', () => expect(nothingOf('overdue')[0]).toBe('No incident is overdue'));
});

describe('which incidents', () => {
  it('the address says, and nothing that it does not know', () => {
    expect(incidentsSearch({ state: 'overdue', other: 1 })).toEqual({ state: 'overdue' });
    expect([incidentsSearch({ state: 'gone' }), incidentsSearch({ state: 7 })]).toEqual([{}, {}]);
  });

  it('overdue ones are asked for by the clock', () => {
    expect([queryOf('overdue'), queryOf('open'), queryOf(undefined)]).toEqual([
      { overdue: true },
      { state: 'open' },
      {},
    ]);
  });
});

describe('what its case may expect', () => {
  it('is offered in words, about its tool if it is known', () => {
    expect(wishesFor({ tool: null }).map(({ key }) => key)).toEqual(['not-again', 'nothing']);
    expect(wishOf({ tool: 'issue_refund' }, 'denied')).toEqual({
      ...{ key: 'denied', label: 'Issue refund is denied' },
      expect: { outcomes: [{ tool: 'issue_refund', ends: 'denied' }] },
    });
    expect(wishOf({ tool: null }, 'denied').expect).toBeUndefined();
  });

  it('is downloaded under the name of its file', () =>
    expect(fileName('evals/incidents/inc_1.evals.yaml')).toBe('inc_1.evals.yaml'));
});

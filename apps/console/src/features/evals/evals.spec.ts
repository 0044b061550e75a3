import { describe, expect, it } from '@jest/globals';
import {
  attemptsWords,
  changesIn,
  chosenCases,
  differenceIn,
  differencesOf,
  durationOf,
  percent,
  placeOf,
  reachedWords,
  tagsIn,
  type Case,
} from './cases.js';
import { baselinesOf, casesWords, shortPrint, standingOf, trustOf, usualBaseline, verdictOf, type Run } from './run.js';
import { evalsSearch } from './search.js';

const cases = { passed: 445, failed: 0, errors: 0, skipped: 4 };
const report = { kind: 'release', at: '2026-03-01T09:00:00.000Z', verdict: 'pass', cases, generated: 298 } as const;
const run = (id: string | null, at: string, more: Partial<Run> = {}): Run => ({
  ...{ id, at, workflow: 'desk', fingerprint: 'sha256:0123456789abcdef', epoch: 1, standing: null, by: 'ruth' },
  report: { ...report, casesDigest: 'c', model: 'recorded' },
  ...more,
});

describe('a run in words', () => {
  it('says what its cases came to, what matters first', () => {
    expect([verdictOf(run('r', '')), casesWords(run('r', ''))]).toEqual([
      { tone: 'good', words: 'Passed' },
      '445 passed, 4 skipped',
    ]);
    const failed = { ...report, verdict: 'fail' as const, cases: { passed: 1, failed: 2, errors: 1, skipped: 0 } };
    const one = run('r', '', { report: { ...failed, casesDigest: 'c', model: 'live' } });
    expect([verdictOf(one).tone, casesWords(one)]).toEqual(['bad', '2 failed, 1 not judged, 1 passed']);
    const back = run(null, '', { report: { kind: 'rollback', at: '', reason: 'INC-42' } });
    expect([verdictOf(back).words, casesWords(back)]).toEqual(['Rollback', 'INC-42']);
  });

  it('says what it released; what nobody signed is never good', () => {
    const told = (epoch: number | null, standing: Run['standing']) => standingOf({ epoch, standing }).words;
    expect([told(null, null), told(1, 'current'), told(1, 'previous'), told(1, null)]).toEqual([
      ...['Released nothing', 'Released, may act', 'The release before, may act too', 'Released, acts no more'],
    ]);
    expect(trustOf({ epoch: null, by: 'ruth' })).toEqual({ tone: 'unknown', words: 'Not signed: as ruth told it' });
    expect(trustOf({ epoch: 3, by: 'ruth' }).tone).toBe('good');
    expect(shortPrint('sha256:0123456789abcdef')).toBe('0123456789ab');
  });

  it('is compared with the release before it, unless another is asked for', () => {
    const runs = [
      run('new', '2026-03-05T00:00:00Z', { epoch: null }),
      run('now', '2026-03-04T00:00:00Z'),
      run('failed', '2026-03-03T00:00:00Z', { epoch: null }),
      run('before', '2026-03-02T00:00:00Z'),
      run(null, '2026-03-01T00:00:00Z'),
      run('other', '2026-03-02T00:00:00Z', { workflow: 'other' }),
    ];
    expect(baselinesOf(runs, runs[1]!).map(({ id }) => id)).toEqual(['new', 'failed', 'before']);
    expect([usualBaseline(runs, runs[1]!), usualBaseline(runs, runs[3]!)]).toEqual(['before', undefined]);
    expect(usualBaseline(runs.slice(0, 3), runs[1]!)).toBe('failed');
  });
});

const NO_MODEL = { calls: 0, promptTokens: 0, completionTokens: 0, ms: 0 };
const one = (title: string, more: Partial<Case> = {}): Case => ({
  ...{ id: title, workflow: 'desk', title, file: 'evals/desk.evals.yaml', line: 4, tags: ['limit'], verdict: 'pass' },
  ...{ attempts: [{ verdict: 'pass', problems: [], durationMs: 20, model: NO_MODEL }], reached: [] },
  ...{ change: 'unchanged', was: 'pass' },
  ...more,
});

describe('the cases of a run', () => {
  const problem = 'expected no effect, found refund of ord_1';
  const failing = {
    verdict: 'fail' as const,
    attempts: [{ verdict: 'fail' as const, problems: [problem], durationMs: 1, model: NO_MODEL }],
  };
  const all = [
    ...[one('same'), one('gone', { change: 'gone', verdict: 'fail' }), one('new', { change: 'new', tags: ['live'] })],
    ...[one('still fails', failing), one('mended', { change: 'newly-passing' })],
    one('broken', { ...failing, change: 'newly-failing' }),
  ];
  const titles = (chosen: Case[]) => chosen.map(({ title }) => title);

  it('come with what matters first', () =>
    expect(titles(chosenCases(all, {}))).toEqual(['broken', 'still fails', 'mended', 'new', 'gone', 'same']));

  it('are chosen by verdict, change, tag and words, those of what went wrong too', () => {
    expect(titles(chosenCases(all, { verdict: 'fail' }))).toEqual(['broken', 'still fails']);
    expect(titles(chosenCases(all, { change: 'gone' }))).toEqual(['gone']);
    expect(titles(chosenCases(all, { tag: 'live' }))).toEqual(['new']);
    expect(titles(chosenCases(all, { text: 'REFUND of', change: 'newly-failing' }))).toEqual(['broken']);
    expect(tagsIn(all)).toEqual(['limit', 'live']);
    expect(changesIn(all).map(([, count]) => count)).toEqual([1, 1, 1, 1, 2]);
  });
});

describe('a case in words', () => {
  it('says what was expected beside what came', () => {
    expect(differenceIn('expected the effect refund of ord_1, found none like it')).toEqual({
      ...{ expected: 'the effect refund of ord_1', found: 'none like it', isSoFar: false },
    });
    expect(differenceIn('so far: expected a reply that says /a, b/, found "x, found y"')).toEqual({
      ...{ expected: 'a reply that says /a, b/', found: '"x, found y"', isSoFar: true },
    });
    expect(differenceIn('step 2 has not ended')).toEqual({
      expected: null,
      found: 'step 2 has not ended',
      isSoFar: false,
    });
  });

  it('says each difference once, with how often', () => {
    const attempt = (problem: string) => ({
      verdict: 'fail' as const,
      problems: [problem],
      durationMs: 1,
      model: NO_MODEL,
    });
    const told = differencesOf({ attempts: ['a', 'b', 'a'].map(attempt) });
    expect(told.map(({ found, times }) => [found, times])).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
  });

  it('says what each action came to, where it stands and how long it took', () => {
    const rules = [
      { rule: 'limit', outcome: 'deny' as const },
      { rule: 'reads', outcome: 'pass' as const },
    ];
    expect(reachedWords({ tool: 'issue_refund', outcome: 'denied', code: 'LIMIT_EXCEEDED', rules })).toBe(
      'issue_refund: denied LIMIT_EXCEEDED (limit says deny)',
    );
    expect([placeOf({ file: 'a.yaml', line: 4 }), placeOf({ file: 'boundary:x', line: 0 })]).toEqual([
      'a.yaml:4',
      'made from the permission map (boundary:x)',
    ]);
    const attempts = [20, 2_980].map((durationMs) => ({ ...one('a').attempts[0]!, durationMs }));
    expect([durationOf({ attempts }), durationOf(one('a')), durationOf({ attempts: [] })]).toEqual([
      '1.5 s',
      '20 ms',
      '',
    ]);
    expect([attemptsWords({ attempts }), attemptsWords(one('a'))]).toEqual(['2 of 2 attempts passed', undefined]);
    expect([percent(1), percent(0.875)]).toEqual(['100 %', '87.5 %']);
  });
});

describe('what the address says', () => {
  it('is read as far as it is known', () => {
    const said = {
      workflow: 'desk',
      run: 'run_1',
      baseline: 'none',
      verdict: 'fail',
      change: 'new',
      tag: 't',
      text: 'x',
      case: 'c',
    };
    expect(evalsSearch(said)).toEqual(said);
    expect(evalsSearch({ run: 7, verdict: 'green', change: 'all', text: '', other: 'x' })).toEqual({});
  });
});

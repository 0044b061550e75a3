import { describe, expect, it } from '@jest/globals';
import { releaseReportOf, resultsDigest, type RunReport } from '@countersign/evals';
import { allRuns, detailOf, keyOf, runDetailSchema } from './run-shown.js';
import type { Release } from './releases.js';
import { caseOf, runWith } from './run.fixture.js';
import { flawOf, type ToldRun } from './told-runs.js';

const told = (id: string, run: RunReport): ToldRun => ({
  ...{ id, workflow: 'desk', fingerprint: run.workflows[0]!.fingerprint, by: 'ruth' },
  ...{ resultsDigest: resultsDigest(run.results), report: releaseReportOf(run, run.workflows[0]!) },
});
const release = (epoch: number, run: RunReport, at: string): Release => ({
  ...{ workflow: 'desk', fingerprint: run.workflows[0]!.fingerprint, epoch, at, standing: 'current' },
  report: releaseReportOf(run, run.workflows[0]!),
});

describe('runs of the evals, as the gateway shows them', () => {
  const passed = runWith('f1', [caseOf('a', 'pass')]);
  const failed = runWith('f2', [caseOf('a', 'fail')], '2026-03-02T09:00:00.000Z');

  it('are releases, with who told their cases, and runs that released nothing; the newest first (3)', () => {
    const runs = allRuns([release(7, passed, '2026-03-01T10:00:00Z')], [told('run_2', failed), told('run_1', passed)]);
    expect(runs).toMatchObject([
      { id: 'run_2', epoch: null, standing: null, by: 'ruth', report: { verdict: 'fail' } },
      { id: 'run_1', epoch: 7, standing: 'current', by: 'ruth' },
    ]);
    expect(runs.map(keyOf)).toEqual(['run_2', '7']);
  });

  it('are no release of other cases, of another fingerprint, or of a statement that says no digest (3)', () => {
    const other = runWith('f1', [caseOf('b', 'pass')]);
    const { report, ...said } = release(7, passed, '2026-03-01T10:00:00Z');
    const { resultsDigest: _, ...before } = report as Extract<typeof report, { kind: 'release' }>;
    const releases = [
      { ...said, report },
      { ...said, epoch: 8, fingerprint: 'f9', report },
      { ...said, epoch: 9, report: before },
    ];
    const epochs = allRuns(releases, [told('run_1', passed), told('run_3', other)]).map(({ epoch, id }) => [epoch, id]);
    expect(epochs).toEqual(
      expect.arrayContaining([
        [7, 'run_1'],
        [8, null],
        [9, null],
        [null, 'run_3'],
      ]),
    );
  });
});

describe('a run with its cases', () => {
  const before = runWith('f1', [
    ...[caseOf('a', 'pass'), caseOf('b', 'fail'), caseOf('c', 'pass'), caseOf('d', 'pass'), caseOf('e', 'skip')],
    ...[caseOf('same', 'pass'), caseOf('unrun', 'skip')],
  ]);
  const now = runWith('f2', [
    ...[caseOf('a', 'error'), caseOf('b', 'pass'), caseOf('c', 'skip'), caseOf('e', 'fail'), caseOf('f', 'fail')],
    ...[caseOf('same', 'pass'), caseOf('unrun', 'skip')],
  ]);
  const shown = allRuns([], [told('run_2', now), told('run_1', before)]);

  it('says beside another what newly fails, newly passes, is new, gone and unchanged', () => {
    const detail = detailOf(shown[0]!, now, { shown: shown[1]!, run: before });
    expect(Object.fromEntries(detail.cases.map(({ title, change, was }) => [title, [change, was]]))).toEqual({
      ...{ a: ['newly-failing', 'pass'], b: ['newly-passing', 'fail'], c: ['gone', 'pass'], d: ['gone', 'pass'] },
      ...{ e: ['new', 'skip'], f: ['new', null], same: ['unchanged', 'pass'], unrun: ['unchanged', 'skip'] },
    });
    expect(runDetailSchema.parse(detail)).toEqual(detail);
  });

  it('says nothing of change alone', () => {
    const { baseline, cases } = detailOf(shown[0]!, now);
    expect([baseline, ...cases.map(({ change }) => change)].every((each) => each === null)).toBe(true);
  });
});

describe('a run that is told', () => {
  const run = runWith('f1', [caseOf('a', 'pass'), caseOf('b', 'fail')]);
  const one = run.workflows[0]!;

  it('is taken as it was written', () => expect(flawOf(run)).toBeUndefined());

  it.each<[string, Partial<RunReport>]>([
    ['green where a case failed', { verdict: 'pass' }],
    ['green of a workflow where a case failed', { workflows: [{ ...one, verdict: 'pass' }] }],
    ['counts that are not those of its cases', { workflows: [{ ...one, counts: { ...one.counts, passed: 9 } }] }],
    ['only some of the cases', { partial: true }],
    ['a case of a workflow that is not named', { results: [caseOf('a', 'pass', 'other')] }],
    ['no workflow', { workflows: [], results: [] }],
    ['one workflow twice', { workflows: [one, one] }],
    ['a name that none can have', { workflows: [{ ...one, workflow: 'a/b' }], results: [] }],
    ['what PostgreSQL does not take', { workflows: [{ ...one, fingerprint: '\u0000' }] }],
  ])('is refused: %s (2)', (_, more) => expect(flawOf({ ...run, ...more })).toEqual(expect.any(String)));
});

import { describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { KeyRing, Signer } from '@countersign/signing';
import {
  attemptOf,
  caseResultOf,
  compareReports,
  costOf,
  countsOf,
  EXIT_CODES,
  modelUse,
  nothingObserved,
  parseRunReport,
  passPowers,
  renderJson,
  resultsDigest,
  runOfWorkflow,
  runReportOf,
  signRun,
  skippedCase,
  verdictOf,
  worstOf,
  type CaseResult,
  type CaseVerdict,
} from './index.js';
import { verifyRelease } from './release.js';
import { foundCase, resultOf, runOf } from './report.fixture.js';

const verdict = (...verdicts: CaseVerdict[]) => verdictOf(countsOf(verdicts.map((each) => ({ verdict: each }))));

describe('what a run is worth (the numbers are those of verdict.ts)', () => {
  it('1: an error is never green, whatever else passed', () => {
    expect(verdict('pass', 'error')).toBe('error');
    expect(verdict('fail', 'error')).toBe('error');
    expect(verdict('pass', 'fail')).toBe('fail');
    expect(verdict('pass', 'pass')).toBe('pass');
  });

  it('2: no case is never green, and a skip is none', () => {
    expect(verdict()).toBe('error');
    expect(verdict('skip', 'skip')).toBe('error');
    expect(verdict('pass', 'skip')).toBe('pass');
    expect(worstOf([])).toBe('error');
    expect(worstOf(['pass', 'fail'])).toBe('fail');
    expect(worstOf(['fail', 'error', 'pass'])).toBe('error');
  });

  it('3: the exit code says the same', () => expect(EXIT_CODES).toEqual({ pass: 0, fail: 3, error: 7 }));

  it('is that of the worst of its workflows; one without a case is an error', () => {
    const workflow = (name: string) => ({ workflow: name, fingerprint: 'f', policyVersion: '1', casesDigest: 'd' });
    const about = { version: '0.1.0', model: 'recorded' as const, startedAt: '2026-01-15T12:00:00Z', seconds: 1 };
    const run = runReportOf({ ...about, partial: false, workflows: [workflow('desk'), workflow('empty')] }, [
      resultOf('pass'),
      resultOf('pass', { title: 'made', line: 0 }),
    ]);
    expect(run.workflows).toMatchObject([
      { verdict: 'pass', generated: 1, counts: { passed: 2 } },
      { verdict: 'error', generated: 0 },
    ]);
    expect(run.verdict).toBe('error');
  });
});

describe('the results of a run', () => {
  it('stand as the files have them, in whatever order they ran', () => {
    const at = (file: string, line: number) => resultOf('pass', { file, line, id: `${file}#${line}` });
    const files = [at('b', 4), at('a', 20), at('b', 3), at('a', 3)];
    expect(runOf(files).results.map(({ id }) => id)).toEqual(['a#3', 'a#20', 'b#3', 'b#4']);
  });
});

describe('what became of a case', () => {
  const one = foundCase('Nothing is paid');
  const effects = [{ tenant: 'own' as const, kind: 'refund', record: 'ord_1' }];

  it('is judged only where all of it was seen', () => {
    const seen = { ...nothingObserved(), effects };
    expect(attemptOf(one, seen, 5)).toMatchObject({
      verdict: 'fail',
      problems: ['expected no effect, found refund of ord_1'],
    });
    expect(attemptOf(one, nothingObserved(), 5)).toMatchObject({ verdict: 'pass', durationMs: 5 });
    const blind = { ...nothingObserved(), errors: ['the target did not answer'] };
    expect(attemptOf(one, blind, 5)).toMatchObject({ verdict: 'error', problems: ['the target did not answer'] });
    expect(attemptOf(one, { ...blind, effects }, 5).problems).toEqual([
      'the target did not answer',
      'so far: expected no effect, found refund of ord_1',
    ]);
  });

  it('is the worst of its attempts, and what all of them reached', () => {
    const rules = [{ rule: 'limit', outcome: 'deny' as const, reason: 'too much' }];
    const decision = {
      actionId: 'act_1',
      tool: 'issue_refund',
      outcome: 'denied' as const,
      actorRoles: ['b', 'a'],
      rules,
    };
    const observed = { ...nothingObserved(), decisions: [decision, decision] };
    const attempt = attemptOf(one, observed, 5);
    const result = caseResultOf(one, [
      { observed, attempt },
      { observed, attempt: { ...attempt, verdict: 'fail' } },
    ]);
    expect(result).toMatchObject({ verdict: 'fail', title: 'Nothing is paid', line: 4 });
    expect(result.reached).toEqual([
      { tool: 'issue_refund', roles: ['a', 'b'], outcome: 'denied', rules: [{ rule: 'limit', outcome: 'deny' }] },
    ]);
  });

  it('is an error where it was not attempted at all, and a skip where it says so', () => {
    expect(caseResultOf(one, []).verdict).toBe('error');
    expect(skippedCase(one, 'it has no turns')).toMatchObject({ verdict: 'skip', because: 'it has no turns' });
  });
});

describe('a report', () => {
  const run = runOf([resultOf('pass'), resultOf('skip', { title: 'later', because: 'not with this model' })]);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const key = new Signer(privateKey);
  const ring = new KeyRing().add('release', publicKey.export({ type: 'spki', format: 'pem' }).toString());

  it('is read as it was written, and refused where it has another form', () => {
    expect(parseRunReport(renderJson(signRun(run, key)), 'r.json')).toEqual(signRun(run, key));
    expect(() => parseRunReport('{', 'r.json')).toThrow('r.json is no report of an eval run: it is no JSON');
    expect(() => parseRunReport(JSON.stringify({ ...run, verdict: 'green' }), 'r.json')).toThrow('verdict');
  });

  it('carries what releases each workflow that passed', () => {
    const release = signRun(run, key).workflows[0]!.release!;
    expect(verifyRelease(ring, 'desk', release)).toEqual({ ok: true, report: release.report });
    expect(release).toMatchObject({
      ...{ fingerprint: 'sha256:fp' },
      report: {
        at: '2026-01-15T12:00:01.500Z',
        cases: { passed: 1, skipped: 1 },
        casesDigest: 'sha256:cases',
        model: 'recorded',
      },
    });
    expect(JSON.stringify(release.report)).not.toContain('A case');
  });

  it('is signed for what became of each case, as it was written to the file, and for nothing else', () => {
    const digestOf = (given: typeof run) => {
      const { report } = signRun(given, key).workflows[0]!.release!;
      return report.kind === 'release' ? report.resultsDigest : undefined;
    };
    const [first, ...others] = run.results as [CaseResult, ...CaseResult[]];
    expect(digestOf(run)).toBe(resultsDigest(parseRunReport(renderJson(run), 'r.json').results));
    const other = { ...run, results: [{ ...first, title: 'Another case' }, ...others] };
    expect(digestOf(other)).not.toBe(digestOf(run));
    const foreign = { ...run, results: [...run.results, resultOf('fail', { workflow: 'billing' })] };
    expect(digestOf(foreign)).toBe(digestOf(run));
    expect(runOfWorkflow({ ...foreign, verdict: 'fail' }, 'desk')).toEqual(run);
  });

  it('releases nothing that failed, is an error, or ran only some of the cases', () => {
    for (const bad of [runOf([resultOf('fail')]), runOf([resultOf('error')]), runOf([]), { ...run, partial: true }])
      expect(signRun(bad, key).workflows[0]).not.toHaveProperty('release');
  });
});

describe('cases run again and again', () => {
  it('pass^k is the mean of C(c, k) / C(n, k)', () => {
    const results = [resultOf(['pass', 'pass', 'pass', 'fail']), resultOf(['pass', 'pass', 'pass', 'pass'])];
    const estimates = passPowers(results).map(({ estimate }) => estimate);
    expect(estimates).toEqual([(3 / 4 + 1) / 2, (3 / 6 + 1) / 2, (1 / 4 + 1) / 2, (0 + 1) / 2]);
    expect(passPowers([resultOf(['error', 'pass'])]).map(({ estimate }) => estimate)).toEqual([0.5, 0]);
    expect(passPowers([resultOf('skip')])).toEqual([]);
  });

  it('cost what their tokens cost', () => {
    const result = resultOf('pass');
    result.attempts[0]!.model = { calls: 2, promptTokens: 1_500_000, completionTokens: 10, ms: 900 };
    const use = modelUse([result, result]);
    expect(use).toEqual({ calls: 4, promptTokens: 3_000_000, completionTokens: 20, ms: 1_800 });
    expect(costOf(use, { currency: 'USD', promptPerMillion: '0.15', completionPerMillion: '60' })).toBe('0.4512');
  });
});

describe('a run beside an earlier one', () => {
  const named = (verdict: CaseVerdict, title: string, workflow = 'desk') =>
    resultOf(verdict, { title, id: title, workflow });
  const before = {
    results: [
      named('pass', 'a'),
      named('fail', 'b'),
      named('pass', 'c'),
      named('pass', 'd'),
      named('skip', 'e'),
      named('skip', 'g'),
    ],
  };
  const now = {
    results: [named('error', 'a'), named('pass', 'b'), named('skip', 'c'), named('pass', 'e'), named('fail', 'f')],
  };
  const titles = (cases: { title: string }[]) => cases.map(({ title }) => title);

  it('names what fails now, what passes now, what is no longer run and what is new', () => {
    const { newlyFailing, newlyPassing, missing, added } = compareReports(before, now);
    expect([newlyFailing, newlyPassing, missing, added].map(titles)).toEqual([['a'], ['b'], ['c', 'd'], ['f']]);
  });

  it('compares workflows that ran in both', () => {
    const other = { results: [named('pass', 'a', 'billing')] };
    expect(compareReports(other, now).missing).toEqual([]);
    expect(titles(compareReports(other, now).added)).toEqual(['a', 'b', 'e', 'f']);
  });
});

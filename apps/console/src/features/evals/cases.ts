/* The cases of a run: which of them, in what order, and what became of each in words. */
import { CHANGES, type CaseVerdict, type Change, type EvalsSearch } from './search.js';
import type { RunDetail, Told } from './run.js';

export type Case = RunDetail['cases'][number];

const VERDICTS: Record<CaseVerdict, Told> = {
  pass: { tone: 'good', words: 'Passed' },
  fail: { tone: 'bad', words: 'Failed' },
  error: { tone: 'unknown', words: 'Not judged' },
  skip: { tone: 'neutral', words: 'Skipped' },
};
export const caseVerdict = (verdict: CaseVerdict): Told => VERDICTS[verdict];

export const CHANGE_WORDS: Record<Change, string> = {
  'newly-failing': 'Newly failing',
  'newly-passing': 'Newly passing',
  new: 'New',
  gone: 'No longer run',
  unchanged: 'Unchanged',
};

/** How many of each, in the order of how much they matter. */
export const changesIn = (cases: readonly Case[]): [Change, number][] =>
  CHANGES.map((change) => [change, cases.filter((each) => each.change === change).length]);

export const tagsIn = (cases: readonly Case[]): string[] => [...new Set(cases.flatMap(({ tags }) => tags))].sort();

type Which = Pick<EvalsSearch, 'verdict' | 'change' | 'tag' | 'text'>;

/** What matters most first; else as the files have them. */
export function chosenCases(cases: readonly Case[], { verdict, change, tag, text }: Which): Case[] {
  const wanted = text?.toLowerCase();
  return cases
    .filter(
      (each) =>
        (verdict === undefined || (each.verdict === verdict && each.change !== 'gone')) &&
        (change === undefined || each.change === change) &&
        (tag === undefined || each.tags.includes(tag)) &&
        (wanted === undefined || textOf(each).includes(wanted)),
    )
    .toSorted((a, b) => weightOf(a) - weightOf(b));
}

const textOf = ({ title, file, attempts }: Case): string =>
  [title, file, ...attempts.flatMap(({ problems }) => problems)].join('\n').toLowerCase();

function weightOf({ verdict, change }: Case): number {
  if (change === 'newly-failing') return 0;
  if (change !== 'gone' && (verdict === 'fail' || verdict === 'error')) return 1;
  return change === null ? 5 : { 'newly-passing': 2, new: 3, gone: 4, unchanged: 5 }[change];
}

export interface Difference {
  /** null where the sentence does not say it. */
  expected: string | null;
  found: string;
  /** The case was not judged: this is what differed until then. */
  isSoFar: boolean;
}

/** A problem's sentence (`expected …, found …`) in its two halves. */
export function differenceIn(problem: string): Difference {
  const isSoFar = problem.startsWith('so far: ');
  const sentence = isSoFar ? problem.slice('so far: '.length) : problem;
  const at = sentence.indexOf(', found ');
  if (!sentence.startsWith('expected ') || at < 0) return { expected: null, found: sentence, isSoFar };
  return { expected: sentence.slice('expected '.length, at), found: sentence.slice(at + ', found '.length), isSoFar };
}

/** What differed in any of its attempts, each once, with how often. */
export function differencesOf({ attempts }: Pick<Case, 'attempts'>): (Difference & { times: number })[] {
  const times = new Map<string, number>();
  for (const problem of attempts.flatMap(({ problems }) => problems)) times.set(problem, (times.get(problem) ?? 0) + 1);
  return [...times].map(([problem, count]) => ({ ...differenceIn(problem), times: count }));
}

/** What an action came to, as it was seen. */
export const reachedWords = ({ tool, outcome, code, rules = [] }: Case['reached'][number]): string => {
  const by = rules.filter((rule) => rule.outcome !== 'pass').map((rule) => `${rule.rule} says ${rule.outcome}`);
  return `${tool}: ${outcome}${code ? ` ${code}` : ''}${by.length > 0 ? ` (${by.join(', ')})` : ''}`;
};

/** How long, on average where it was run more than once. */
export function durationOf({ attempts }: Pick<Case, 'attempts'>): string {
  if (attempts.length === 0) return '';
  const ms = attempts.reduce((sum, { durationMs }) => sum + durationMs, 0) / attempts.length;
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** "3 of 10 attempts passed"; undefined where it was run once. */
export function attemptsWords({ attempts }: Pick<Case, 'attempts'>): string | undefined {
  if (attempts.length < 2) return undefined;
  return `${attempts.filter(({ verdict }) => verdict === 'pass').length} of ${attempts.length} attempts passed`;
}

/** Made from the permission map, or written in a file. */
export const placeOf = ({ file, line }: Pick<Case, 'file' | 'line'>): string =>
  line === 0 ? `made from the permission map (${file})` : `${file}:${line}`;

export const percent = (share: number): string => `${(share * 100).toFixed(share === 1 || share === 0 ? 0 : 1)} %`;

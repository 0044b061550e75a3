/* How a run of the evals is told: what it came to, what it released, what it is compared with. */
import type { GetV1EvalsRunsIdResponse, GetV1EvalsRunsResponse } from '../../api/generated/index.js';
import { exact } from '../../ui/relative-time.js';

export type Run = GetV1EvalsRunsResponse['data'][number];
export type RunDetail = GetV1EvalsRunsIdResponse;

export type Tone = 'good' | 'bad' | 'unknown' | 'neutral';
export interface Told {
  tone: Tone;
  words: string;
}

/** A rollback has no cases, and so no verdict. */
export function verdictOf({ report }: Pick<Run, 'report'>): Told {
  if (report.kind === 'rollback') return { tone: 'neutral', words: 'Rollback' };
  const told: Record<typeof report.verdict, Told> = {
    pass: { tone: 'good', words: 'Passed' },
    fail: { tone: 'bad', words: 'Failed' },
    error: { tone: 'unknown', words: 'Not judged' },
  };
  return told[report.verdict];
}

export function casesWords({ report }: Pick<Run, 'report'>): string {
  if (report.kind === 'rollback') return report.reason;
  const { passed, failed, errors, skipped } = report.cases;
  const parts: [number, string][] = [
    ...([
      [failed, 'failed'],
      [errors, 'not judged'],
    ] satisfies [number, string][]),
    ...([
      [passed, 'passed'],
      [skipped, 'skipped'],
    ] satisfies [number, string][]),
  ];
  const told = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return told.join(', ') || 'no case ran';
}

/** What it let act, and whether that may act now. */
export function standingOf({ epoch, standing }: Pick<Run, 'epoch' | 'standing'>): Told {
  if (epoch === null) return { tone: 'unknown', words: 'Released nothing' };
  if (standing === 'current') return { tone: 'good', words: 'Released, may act' };
  return standing === 'previous'
    ? { tone: 'good', words: 'The release before, may act too' }
    : { tone: 'neutral', words: 'Released, acts no more' };
}

/** Whether what is shown of its cases is what the release key signed. */
export const trustOf = ({ epoch, by }: Pick<Run, 'epoch' | 'by'>): Told =>
  epoch === null
    ? { tone: 'unknown', words: `Not signed: as ${by ?? 'somebody'} told it` }
    : { tone: 'good', words: 'Signed, case by case' };

export const shortPrint = (fingerprint: string): string => fingerprint.replace(/^sha256:/, '').slice(0, 12);

const MODELS = { recorded: 'as recorded', 'stand-in': 'the stand-in', live: 'a live model' } as const;
export const modelWords = (model: keyof typeof MODELS): string => MODELS[model];

/** Those it may be compared with, the newest first. */
export const baselinesOf = (runs: readonly Run[], { workflow, id }: Pick<Run, 'workflow' | 'id'>): Run[] =>
  runs.filter((run) => run.workflow === workflow && run.id !== null && run.id !== id);

/** Without a word, the newest one that is older and was released: what acted before. Else the newest older one. */
export function usualBaseline(runs: readonly Run[], run: Pick<Run, 'workflow' | 'id' | 'at'>): string | undefined {
  const older = baselinesOf(runs, run).filter(({ at }) => Date.parse(at) <= Date.parse(run.at));
  return (older.find(({ epoch }) => epoch !== null) ?? older[0])?.id ?? undefined;
}

export const baselineLabel = (run: Run): string =>
  `${exact(run.at)}: ${verdictOf(run).words.toLowerCase()}, ${run.epoch === null ? 'released nothing' : 'released'}`;

const OVERSEERS = ['support-lead', 'auditor', 'sre', 'admin', 'release'];
/** Whether the cases of a run are shown to somebody of these roles. */
export const seesCases = (roles: readonly string[]): boolean => OVERSEERS.some((role) => roles.includes(role));

/** A release, or a run that released nothing. */
export const keyOf = ({ epoch, id }: Pick<Run, 'epoch' | 'id'>): string => String(epoch ?? id);

import { z } from 'zod';
import { applyControl, type ControlRow, type ReleaseRow } from '@countersign/control';
import { releaseReportSchema, type ReleaseReport } from '@countersign/evals/release';
import type { Ack } from './control-acks.js';

const text = z.string();

/** What may act of a workflow. `serves`: whether what runs here is that. */
export const releaseShown = z
  .object({ current: text, previous: text.nullable(), at: text, report: releaseReportSchema, serves: z.boolean() })
  .nullable();
export type ReleaseShown = z.infer<typeof releaseShown>;

/** One release or rollback, as it was signed; or a run that released nothing, as it was told. */
export const runSchema = z.object({
  workflow: text,
  fingerprint: text,
  /** Of the control topic; null where nothing was released. */
  epoch: z.int().nullable(),
  at: text,
  report: releaseReportSchema,
  /** Whether what it released may act now. */
  standing: z.enum(['current', 'previous']).nullable(),
  /** Of its cases, for whoever may see them: `GET /v1/evals/runs/{id}`; null where they were not told. */
  id: text.nullable(),
  /** Who told them. */
  by: text.nullable(),
});
export type RunShown = z.infer<typeof runSchema>;

/** A release, before it is known who told of its cases. */
export type Release = Omit<RunShown, 'id' | 'by'> & { epoch: number };

/** The releases of each workflow, from what policy says it applied, the first first. */
export function releasesOf(acks: readonly Ack[]): ReleaseRow[] {
  const rows = new Map<string, ControlRow>();
  for (const ack of acks) {
    if (ack.tag !== 'applied') continue;
    const { scope, value, epoch, at, appendedAt = at } = ack.data;
    const row = applyControl(rows.get(scope), { scope, value, epoch, at: appendedAt });
    if (row) rows.set(scope, row);
  }
  return [...rows.values()].filter((row) => row.kind === 'release');
}

export const workflowOf = ({ scope }: ReleaseRow): string => scope.slice('release/workflow/'.length);

export function shownTo(row: ReleaseRow | undefined, fingerprint: string): ReleaseShown {
  if (!row) return null;
  const { fingerprint: current, previous = null, at, history } = row;
  const report = history[0]!.report as ReleaseReport;
  return { current, previous, at, report, serves: fingerprint === current || fingerprint === previous };
}

/** All of them, the newest first. Only the newest release of a fingerprint stands. */
export function runsOf(rows: readonly ReleaseRow[]): Release[] {
  const runs = rows.flatMap((row) => {
    const stands = new Map<string | undefined, 'current' | 'previous'>([[row.previous, 'previous']]);
    stands.set(row.fingerprint, 'current');
    return row.history.map(({ report, ...of }): Release => {
      const standing = stands.get(of.fingerprint) ?? null;
      stands.delete(of.fingerprint);
      return { workflow: workflowOf(row), ...of, report: report as ReleaseReport, standing };
    });
  });
  return runs.sort((a, b) => b.epoch - a.epoch);
}

import { z } from 'zod';
import { INCIDENT_CAUSES } from './incidents.js';

/*
 * What is answered of all actions together: `GET /v1/metrics/summary`, `GET /v1/metrics/series` and `GET /v1/access-review`. What each
 * figure counts: docs/metrics.md.
 */

const count = z.int().nonnegative();
/** Part of a whole, 0 to 1; null where there is no whole. */
const rate = z.number().min(0).max(1).nullable();
const instant = z.iso.datetime();
const byCode = z.array(z.strictObject({ code: z.string(), count }));
const duration = z.number().nonnegative();

/** One tool's executions that ended: `ended` = all `outcomes` together. */
export const toolFigures = z.strictObject({
  tool: z.string(),
  ended: count,
  failed: count,
  /** failed ÷ ended */
  errorRate: rate,
  outcomes: z.strictObject({ read: count, previewed: count, drafted: count, committed: count, failed: count }),
  /** Why they failed. */
  byCode,
});

export const metricsSummary = z.strictObject({
  tenant: z.string(),
  from: instant,
  to: instant,
  funnel: z.strictObject({ intents: count, proposed: count, approved: count, committed: count }),
  refused: z.strictObject({ total: count, byCode }),
  tools: z.array(toolFigures),
  /** A denial that several rules asked for counts under each of them; one that no rule asked for, under none. */
  denials: z.strictObject({
    total: count,
    byCode,
    byRule: z.array(z.strictObject({ rule: z.string(), count })),
    /** Those that no rule asked for: a limit, a stage, a person's no. */
    withoutRule: byCode,
  }),
  approvals: z.strictObject({
    opened: count,
    granted: count,
    edited: count,
    rejected: count,
    /** granted + edited + rejected */
    decided: count,
    /** (edited + rejected) ÷ decided */
    overrideRate: rate,
    expired: count,
    /** From opened to decided; null if nothing was. */
    waitSeconds: z.strictObject({ p50: duration, p95: duration, max: duration }).nullable(),
  }),
  /** Warrants that were not sent: stopped by a switch, the stage or the release; given back to policy. */
  unsent: z.strictObject({ blocked: count, returned: count, byCode }),
  /** Previews that had changed when the commit was due. */
  drifted: count,
  inDoubt: z.strictObject({ ever: count, open: count }),
  /** Records that name this tenant and cannot be read. */
  parked: count,
  /** Of the incidents opened in the range, as they stand now. */
  incidents: z.strictObject({
    opened: count,
    byCause: z.array(z.strictObject({ cause: z.enum(INCIDENT_CAUSES), count })),
    /** Neither captured nor closed. */
    open: count,
    overdue: count,
    captured: count,
    closed: count,
    /** captured within 24 hours ÷ (captured + overdue) */
    capturedInTime: rate,
    /** From opened to captured; null if none was. */
    hoursToCapture: z.strictObject({ p50: duration, p95: duration, max: duration }).nullable(),
  }),
});
export type MetricsSummary = z.infer<typeof metricsSummary>;

/** A stretch of a range, `to` excluded: the figures of the summary that are looked at over time. */
const metricsBucket = z.strictObject({
  from: instant,
  to: instant,
  funnel: metricsSummary.shape.funnel,
  denials: metricsSummary.shape.denials.omit({ byCode: true }),
  approvals: metricsSummary.shape.approvals.pick({
    granted: true,
    edited: true,
    rejected: true,
    decided: true,
    overrideRate: true,
    waitSeconds: true,
  }),
  tools: z.array(toolFigures.pick({ tool: true, ended: true, failed: true, errorRate: true })),
  drifted: count,
  /** Actions that went into doubt. */
  inDoubt: count,
  /** Incidents opened. */
  incidents: count,
});
export type MetricsBucket = z.infer<typeof metricsBucket>;

/** A range in stretches of one length, the last as short as the range ends it; those in which nothing was counted too. */
export const metricsSeries = z.strictObject({
  tenant: z.string(),
  from: instant,
  to: instant,
  bucketSeconds: z.number().positive(),
  data: z.array(metricsBucket).max(200),
});
export type MetricsSeries = z.infer<typeof metricsSeries>;

const decided = { granted: count, edited: count, rejected: count, settled: count };

/** What a tenant's events say of people: the roles each was last seen with, and what each decided of which tool. */
export const approvers = z.strictObject({
  seen: z.array(z.strictObject({ person: z.string(), roles: z.array(z.string()), at: instant })),
  /** `tool` is null where what was decided on is not stored. */
  did: z.array(z.strictObject({ person: z.string(), tool: z.string().nullable(), ...decided, lastAt: instant })),
});
export type Approvers = z.infer<typeof approvers>;

/** A tool and a person who may approve it, or who did; `person` is null where nobody who was seen may. */
const accessLine = z.strictObject({
  workflow: z.string().nullable(),
  tool: z.string().nullable(),
  person: z.string().nullable(),
  mayApprove: z.boolean(),
  /** Which of the tool's approvals the person may give, and by which of the roles they were last seen with. */
  approvals: z.array(z.string()),
  roles: z.array(z.string()),
  seenAt: instant.nullable(),
  ...decided,
  lastAt: instant.nullable(),
});
export const accessReview = z.strictObject({
  tenant: z.string(),
  at: instant,
  data: z.array(accessLine),
  nextCursor: z.null(),
});
export type AccessLine = z.infer<typeof accessLine>;
export type AccessReview = z.infer<typeof accessReview>;

const COLUMNS = Object.keys(accessLine.shape) as (keyof AccessLine)[];

/** RFC 4180, a line each. No cell is one that a spreadsheet takes for a formula. */
export const accessReviewCsv = (lines: AccessLine[]): string =>
  [COLUMNS, ...lines.map((line) => COLUMNS.map((column) => line[column]))]
    .map((cells) => `${cells.map(csvCell).join(',')}\r\n`)
    .join('');

function csvCell(value: string | number | boolean | string[] | null): string {
  const text = Array.isArray(value) ? value.join(' ') : String(value ?? '');
  const harmless = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
}

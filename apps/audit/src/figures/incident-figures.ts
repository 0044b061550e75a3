import type { IncidentCause, MetricsSummary } from '@countersign/contracts';
import type { EntityManager } from 'typeorm';
import { HOURS_TO_CAPTURE, overdueSince } from '../incidents/clock.js';
import type { Range } from './range.js';

const CAUSES = `SELECT cause, count(*)::int AS count FROM incidents
  WHERE tenant = $1 AND opened_at >= $2 AND opened_at < $3 GROUP BY cause ORDER BY count(*) DESC, cause`;

const CLOCKS = `SELECT count(*)::int AS opened, count(*) FILTER (WHERE captured_at IS NULL)::int AS open,
    count(*) FILTER (WHERE captured_at IS NULL AND opened_at <= $4)::int AS overdue, count(captured_at)::int AS captured,
    count(closed_at)::int AS closed, count(*) FILTER (WHERE hours < ${HOURS_TO_CAPTURE})::int AS "inTime",
    percentile_cont(0.5) WITHIN GROUP (ORDER BY hours) AS p50, percentile_cont(0.95) WITHIN GROUP (ORDER BY hours) AS p95, max(hours)
  FROM (SELECT *, CASE WHEN captured_at IS NOT NULL THEN greatest(extract(epoch FROM captured_at - opened_at) / 3600, 0)::float8 END AS hours
    FROM incidents
    WHERE tenant = $1 AND opened_at >= $2 AND opened_at < $3) AS of_range`;

interface Clocks {
  opened: number;
  open: number;
  overdue: number;
  captured: number;
  closed: number;
  inTime: number;
  p50: number | null;
  p95: number | null;
  max: number | null;
}

/** The incident clock: of what was opened in the range, as it stands at `now`. */
export async function incidentFigures(
  rows: EntityManager,
  tenant: string,
  { from, to }: Range,
  now: Date,
): Promise<MetricsSummary['incidents']> {
  const byCause = await rows.query<{ cause: IncidentCause; count: number }[]>(CAUSES, [tenant, from, to]);
  const [clocks] = await rows.query<Clocks[]>(CLOCKS, [tenant, from, to, overdueSince(now)]);
  const { inTime, p50, p95, max, ...counts } = clocks!;
  const judged = counts.captured + counts.overdue;
  return {
    ...counts,
    byCause,
    capturedInTime: judged === 0 ? null : inTime / judged,
    hoursToCapture: p50 === null || p95 === null || max === null ? null : { p50, p95, max },
  };
}

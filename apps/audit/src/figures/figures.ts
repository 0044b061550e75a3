import type { Approvers, MetricsSeries, MetricsSummary, Person } from '@countersign/contracts';
import { readAs } from '@countersign/migrations';
import type { DataSource, EntityManager } from 'typeorm';
import { approversOf, type Did, type Seen } from './approvers.js';
import { DECIDED, FIGURES } from './counted.js';
import { incidentFigures } from './incident-figures.js';
import type { Range } from './range.js';
import { seriesOf, type Binned } from './series.js';
import { summaryOf, type Counts, type Group, type Waits } from './summary.js';

/* `figure` is named wherever a range is, so that the index (tenant, figure, at) leads to the range's lines alone. */

const GROUPS = `FROM counted WHERE tenant = $1 AND figure = ANY($2) AND at >= $3 AND at < $4 GROUP BY figure, tool, detail`;
const GROUP = 'figure, tool, detail, count(*)::int AS count';

const DENYING = `FROM counted LEFT JOIN LATERAL unnest(rules) AS rule ON true
  WHERE tenant = $1 AND figure = ANY($2) AND at >= $3 AND at < $4 GROUP BY rule, detail`;
const DENIED = `rule, coalesce(detail, '') AS code, count(*)::int AS count`;

/** An item may have been opened before the range. */
const WAITS = `FROM (SELECT said.at, greatest(extract(epoch FROM said.at - opened.at), 0)::float8 AS wait
    FROM counted said JOIN counted opened ON opened.tenant = $1 AND opened.figure = 'opened' AND opened.key = said.follows
    WHERE said.tenant = $1 AND said.figure = ANY($2) AND said.at >= $3 AND said.at < $4) AS waits`;
const WAIT =
  'percentile_cont(0.5) WITHIN GROUP (ORDER BY wait) AS p50, percentile_cont(0.95) WITHIN GROUP (ORDER BY wait) AS p95, max(wait)';

/** How many groups there are it cannot know, and would sort every line of the range: counting them in a table takes less than half as long. */
const UNSORTED = `SELECT set_config('enable_sort', 'off', true), set_config('enable_incremental_sort', 'off', true)`;

/** Of each stretch of the range: their first begins where the range does. */
const BIN = 'date_bin($5::interval, at, $3) AS bin';

const OPENED = `SELECT date_bin($4::interval, opened_at, $2) AS bin, count(*)::int AS count FROM incidents
  WHERE tenant = $1 AND opened_at >= $2 AND opened_at < $3 GROUP BY bin`;

/** Resolved at any time since. */
const OPEN_DOUBTS = `SELECT count(*)::int AS open FROM counted doubt
  WHERE tenant = $1 AND figure = 'in-doubt' AND at >= $2 AND at < $3
    AND NOT EXISTS (SELECT FROM counted WHERE tenant = $1 AND figure = 'resolved' AND key = doubt.key)`;

const SEEN = `SELECT person, roles, max(at) AS at FROM counted
  WHERE tenant = $1 AND figure = ANY($2) AND person IS NOT NULL GROUP BY person, roles`;

const DID = `SELECT said.person, said.figure, was.tool, count(*)::int AS count, max(said.at) AS at
  FROM counted said LEFT JOIN counted was ON was.tenant = $1 AND was.key = said.follows
    AND was.figure = CASE said.figure WHEN 'settled' THEN 'in-doubt' ELSE 'opened' END
  WHERE said.tenant = $1 AND said.figure = ANY($2) GROUP BY said.person, said.figure, was.tool`;

/** What was counted, to be read in somebody's name: nothing of another tenant's is in it. */
export class Figures {
  constructor(private readonly source: DataSource) {}

  summary({ tenant }: Person, range: Range, now: Date): Promise<MetricsSummary> {
    return readAs(this.source, tenant, async (rows) => {
      const within = [range.from, range.to];
      const groups = await rows.query<Group[]>(`SELECT ${GROUP} ${GROUPS}`, [tenant, FIGURES, ...within]);
      const denying = await rows.query<Counts['denying']>(`SELECT ${DENIED} ${DENYING}`, [
        tenant,
        ['denied'],
        ...within,
      ]);
      const waits = await one<Waits>(rows, `SELECT ${WAIT} ${WAITS}`, [tenant, DECIDED, ...within]);
      const { open } = await one<{ open: number }>(rows, OPEN_DOUBTS, [tenant, ...within]);
      const incidents = await incidentFigures(rows, tenant, range, now);
      return summaryOf({ tenant, range, groups, denying, waits, open, incidents });
    });
  }

  /** The same counts, stretch by stretch. */
  series({ tenant }: Person, range: Range & { strideMs: number }): Promise<MetricsSeries> {
    const stride = `${range.strideMs} milliseconds`;
    const asked = (figures: readonly string[]) => [tenant, figures, range.from, range.to, stride];
    return readAs(this.source, tenant, async (rows) => {
      await rows.query(UNSORTED);
      return seriesOf({
        ...{ tenant, range },
        groups: await rows.query<(Group & Binned)[]>(`SELECT ${BIN}, ${GROUP} ${GROUPS}, bin`, asked(FIGURES)),
        denying: await rows.query<(Counts['denying'][number] & Binned)[]>(
          `SELECT ${BIN}, ${DENIED} ${DENYING}, bin`,
          asked(['denied']),
        ),
        waits: await rows.query<(Waits & Binned)[]>(`SELECT ${BIN}, ${WAIT} ${WAITS} GROUP BY bin`, asked(DECIDED)),
        incidents: await rows.query<({ count: number } & Binned)[]>(OPENED, [tenant, range.from, range.to, stride]),
      });
    });
  }

  /** Who was seen with which roles, and what they decided, as far back as anything is counted. */
  approvers({ tenant }: Person): Promise<Approvers> {
    return readAs(this.source, tenant, async (rows) =>
      approversOf(
        await rows.query<Seen[]>(SEEN, [tenant, ['accepted', 'asked', ...DECIDED, 'settled']]),
        await rows.query<Did[]>(DID, [tenant, [...DECIDED, 'settled']]),
      ),
    );
  }
}

const one = async <T>(rows: EntityManager, text: string, values: unknown[]): Promise<T> =>
  (await rows.query<T[]>(text, values))[0]!;

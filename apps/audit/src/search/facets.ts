/*
 * What there is among the traces a search finds, with counts.
 *
 *  1  It counts the traces that the search itself finds, the newest `COUNTED` of them, and says if there are more: what it costs is bounded,
 *     however much is stored.
 *  2  A value counts a trace once, if a record of it says so that the search would find it by (terms.ts).
 *  3  Every condition is the caller's tenant's, beside row-level security; codes that auditors alone are told nobody else is counted.
 */
import type { Person } from '@countersign/contracts';
import type { traceFacets } from '@countersign/evidence';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import type { FacetsQuery } from '../query.js';
import { isAuditor } from '../shown-to.js';
import { CLOCKS_APART_MS, search, type Begun } from './search.js';

/** The newest traces that are counted. */
export const COUNTED = 1000;
/** Of one facet the most values, those of most traces first. */
const MOST_VALUES = 50;

export type TraceFacets = z.infer<typeof traceFacets>;
type Count = TraceFacets['tool'][number];

const SAID = `WITH said AS (
    SELECT f.intent, r.topic, r.tool, r.code, r.audit_code, r.outcome, r.rules
    FROM unnest($1::text[], $2::timestamptz[]) AS f (intent, at)
    CROSS JOIN LATERAL (
      SELECT * FROM records r
      WHERE r.intent = f.intent AND r.appended_at >= f.at - interval '${CLOCKS_APART_MS} ms' AND r.signature = 'valid'
    ) r)
  SELECT v.facet, v.value, count(DISTINCT said.intent)::int AS count
  FROM said CROSS JOIN LATERAL (
    VALUES ('tool', tool), ('code', code), ('code', CASE WHEN $3 THEN audit_code END),
      ('outcome', CASE WHEN topic <> 'proposals' THEN outcome END)
    UNION ALL SELECT 'rule', unnest(rules)) AS v (facet, value)
  WHERE v.value IS NOT NULL AND length(v.value) <= 200
  GROUP BY 1, 2 ORDER BY 3 DESC, 2`;

export async function facets(
  rows: Pick<EntityManager, 'query'>,
  query: FacetsQuery,
  person: Person,
): Promise<TraceFacets> {
  const found = await search(rows, { ...query, limit: COUNTED }, person, undefined);
  const counted = found.slice(0, COUNTED);
  const said = await rows.query<(Count & { facet: string })[]>(SAID, [
    counted.map(({ intent }) => intent),
    counted.map(({ at }) => at.toISOString()),
    isAuditor(person),
  ]);
  const of = (name: string) =>
    said
      .filter(({ facet }) => facet === name)
      .slice(0, MOST_VALUES)
      .map(({ value, count }) => ({ value, count }));
  return {
    traces: counted.length,
    more: found.length > COUNTED,
    ...{ tool: of('tool'), rule: of('rule'), code: of('code'), outcome: of('outcome') },
    actor: countedBy(counted, ({ actor }) => actor).sort((a, b) => b.count - a.count),
    day: countedBy(counted, ({ at }) => at.toISOString().slice(0, 10)),
  };
}

/** In the order they first come up. */
function countedBy(traces: Begun[], by: (trace: Begun) => string | null): Count[] {
  const groups = Map.groupBy(traces, by);
  groups.delete(null);
  return [...groups].slice(0, MOST_VALUES).map(([value, some]) => ({ value: value!, count: some.length }));
}

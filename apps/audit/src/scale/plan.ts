import type { Person } from '@countersign/contracts';
import { readAs } from '@countersign/migrations';
import type { DataSource, EntityManager } from 'typeorm';
import { parseQuery } from '../query.js';
import { search } from '../search/search.js';

interface Node {
  'Node Type': string;
  'Index Name'?: string;
  'Relation Name'?: string;
  'Plan Rows': number;
  Plans?: Node[];
}

/** What the statement that answers a search goes through, in the caller's name: indexes, and tables read whole. */
export function planOfSearch(source: DataSource, person: Person, asked: Record<string, string>): Promise<string[]> {
  const { query, after } = parseQuery(asked);
  return readAs(source, person.tenant, async (rows) => {
    let last: Statement | undefined;
    const noting = {
      query: <R>(text: string, values: unknown[]) => {
        last = { text, values };
        return rows.query<R>(text, values);
      },
    };
    await search(noting, query, person, after);
    return last ? planOf(rows, last) : [];
  });
}

export const planOfTrace = (source: DataSource, person: Person, intent: string): Promise<string[]> =>
  readAs(source, person.tenant, (rows) =>
    planOf(rows, { text: 'SELECT * FROM records r WHERE r.intent = $1', values: [intent] }),
  );

interface Statement {
  text: string;
  values: unknown[];
}

async function planOf(rows: EntityManager, { text, values }: Statement): Promise<string[]> {
  const [row] = await rows.query<[{ 'QUERY PLAN': [{ Plan: Node }] }]>(`EXPLAIN (FORMAT JSON) ${text}`, values);
  return [...new Set(through(row['QUERY PLAN'][0].Plan))];
}

/** What has no more rows than this is read whole sooner than by an index. */
const FEW = 100;

function through(node: Node): string[] {
  const below = (node.Plans ?? []).flatMap(through);
  // An index of a partition is named after it.
  const index = node['Index Name']?.replace(/^records_(?:\d{8}|default)_(.*)_idx\d*$/, 'records ($1)');
  const own =
    index ??
    (node['Node Type'] === 'Seq Scan' && node['Plan Rows'] > FEW ? `${node['Relation Name']} whole` : undefined);
  return own === undefined ? below : [own, ...below];
}

import type { StoredRecord } from '@countersign/evidence';
import type pg from 'pg';
import { storeCounted } from '../figures/store-counted.js';
import { storeTerms } from '../search/store-terms.js';
import { storeRows } from '../store-rows.js';
import { countedIn, txOf } from './seed.js';

/** What is written of a batch: its records; what they are found by as well; what is counted of them as well. */
const WAYS = ['records', 'terms', 'counted'] as const;
export type IngestCost = Record<(typeof WAYS)[number], number>;

/** So many batches hold some of each topic: whole groups of them are compared. */
export const GROUP = 12;

/** Microseconds a record, the median of the groups: each next group is written the next way. */
export async function ingestCost(owner: pg.Pool, batches: StoredRecord[][]): Promise<IngestCost> {
  const client = await owner.connect();
  const took: number[][] = WAYS.map(() => []);
  try {
    for (let at = 0; at + GROUP <= batches.length; at += GROUP) {
      const group = batches.slice(at, at + GROUP);
      const way = (at / GROUP) % WAYS.length;
      let spent = 0;
      for (const rows of group) spent += await store(client, rows, way);
      took[way]!.push((1000 * spent) / group.flat().length);
    }
  } finally {
    client.release();
  }
  const [records, terms, counted] = took.map(median);
  return { records: records!, terms: terms!, counted: counted! };
}

/** How long it took, ms. What was left out of it is written afterwards. */
async function store(client: pg.PoolClient, rows: StoredRecord[], way: number): Promise<number> {
  const tx = txOf(client);
  const counted = countedIn(rows);
  const writes = [() => storeRows(tx, rows), () => storeTerms(tx, rows), () => storeCounted(tx, counted)];
  const from = performance.now();
  await client.query('BEGIN');
  for (const write of writes.slice(0, way + 1)) await write();
  await client.query('COMMIT');
  const took = performance.now() - from;
  for (const write of writes.slice(way + 1)) await write();
  return took;
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

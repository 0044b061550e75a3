import type { StoredRecord } from '@countersign/evidence';
import type pg from 'pg';
import { storeTerms } from '../search/store-terms.js';
import { storeRows } from '../store-rows.js';
import { txOf } from './seed.js';

export interface IngestCost {
  /** Microseconds a record, the median of the groups. */
  records: number;
  withTerms: number;
  ratio: number;
}

/** So many batches hold some of each topic: whole groups of them are compared. */
export const GROUP = 12;

/** What storing batches of records costs without and with what they are found by, each other group the one and the other way. */
export async function ingestCost(owner: pg.Pool, batches: StoredRecord[][]): Promise<IngestCost> {
  const client = await owner.connect();
  const took: [records: number[], withTerms: number[]] = [[], []];
  try {
    for (let at = 0; at + GROUP <= batches.length; at += GROUP) {
      const group = batches.slice(at, at + GROUP);
      const isWith = (at / GROUP) % 2 === 1;
      let spent = 0;
      for (const rows of group) spent += await store(client, rows, isWith);
      took[Number(isWith)]!.push((1000 * spent) / group.flat().length);
    }
  } finally {
    client.release();
  }
  const [records, withTerms] = [median(took[0]), median(took[1])];
  return { records, withTerms, ratio: withTerms / records };
}

/** How long it took, ms. What was stored without is made to be found afterwards. */
async function store(client: pg.PoolClient, rows: StoredRecord[], isWith: boolean): Promise<number> {
  const tx = txOf(client);
  const from = performance.now();
  await client.query('BEGIN');
  await storeRows(tx, rows);
  if (isWith) await storeTerms(tx, rows);
  await client.query('COMMIT');
  const took = performance.now() - from;
  if (!isWith) await storeTerms(tx, rows);
  return took;
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

import { UNVERIFIED } from '@countersign/contracts';
import type { StoredRecord } from '@countersign/evidence';
import type { SqlTx } from '@countersign/messaging';
import { begins, findersOf, termsOf } from './terms.js';

/** One statement for both tables. An event that is repeated begins nothing anew. */
const INSERT = `WITH began AS (
    INSERT INTO begun (tenant, intent, at, topic, partition, "offset", actor, unverified)
    SELECT * FROM unnest($5::text[], $6::text[], $7::timestamptz[], $8::text[], $9::int[], $10::bigint[], $11::text[], $12::boolean[])
    ON CONFLICT DO NOTHING)
  INSERT INTO terms (tenant, term, at, intents)
  SELECT tenant, term, at, string_to_array(intents, ' ') FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[]) AS t (tenant, term, at, intents)`;

/** As many as stay in the row, uncompressed. */
const INTENTS_A_ROW = 40;

/** Traces of which records that came together say the same. */
interface Said {
  tenant: string;
  term: string;
  /** Of the last of these records. */
  at: Date;
  intents: Set<string>;
}

/** Writes what traces are found by, in the transaction that stores their records. */
export async function storeTerms(tx: SqlTx, rows: StoredRecord[]): Promise<void> {
  const said = saidBy(rows);
  // Whatever begins a trace says something.
  if (said.length === 0) return;
  const begun = rows.filter((row) => begins(row) && findersOf(row) !== undefined);
  await tx.query('audit-terms', INSERT, [
    said.map(({ tenant }) => tenant),
    said.map(({ term }) => term),
    said.map(({ at }) => at.toISOString()),
    said.map(({ intents }) => [...intents].join(' ')),
    begun.map(findersOf),
    begun.map(({ intent }) => intent),
    begun.map(({ appendedAt }) => appendedAt.toISOString()),
    begun.map(({ topic }) => topic),
    begun.map(({ partition }) => partition),
    begun.map(({ offset }) => offset),
    begun.map(({ actor }) => actor),
    begun.map(({ tenant }) => tenant === UNVERIFIED),
  ]);
}

/** In the order of the index, in which its insert costs least. */
function saidBy(rows: StoredRecord[]): Said[] {
  const tenants = new Map<string, Map<string, Said>>();
  const said: Said[] = [];
  for (const row of rows) {
    const tenant = findersOf(row);
    if (tenant === undefined) continue;
    let open = tenants.get(tenant);
    if (!open) tenants.set(tenant, (open = new Map<string, Said>()));
    for (const term of termsOf(row)) {
      let one = open.get(term);
      if (!one || (one.intents.size === INTENTS_A_ROW && !one.intents.has(row.intent!))) {
        one = { tenant, term, at: row.appendedAt, intents: new Set() };
        open.set(term, one);
        said.push(one);
      }
      one.intents.add(row.intent!);
      if (row.appendedAt > one.at) one.at = row.appendedAt;
    }
  }
  return said.sort((a, b) => order(a.tenant, b.tenant) || order(a.term, b.term));
}

const order = (a: string, b: string) => (a < b ? -1 : Number(a > b));

import fs from 'node:fs';
import path from 'node:path';
import type { System } from '@countersign/embedded';
import pg from 'pg';

/** Bytes. */
export interface Stored {
  topics: number;
  /** Tables and indexes of each service's schema. */
  schemas: Record<string, number>;
  /** Of PostgreSQL's log so far. */
  wal: number;
}

/** What an embedded system keeps on disk: the product's own topics and tables, and what was logged on the way. */
export async function storedBy(system: System): Promise<Stored> {
  const client = new pg.Client({ connectionString: system.urls.postgres });
  await client.connect();
  try {
    const sizes = await client.query<{ schema: string; bytes: string }>(
      `select n.nspname as schema, sum(pg_total_relation_size(c.oid)) as bytes from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'm') and n.nspname !~ '^pg_|information_schema' group by 1`,
    );
    const wal = await client.query<{ bytes: string }>(`select pg_current_wal_lsn() - '0/0'::pg_lsn as bytes`);
    return {
      topics: topicBytes(path.join(system.dataDir, 'kafka', 'log'), system.topicPrefix),
      schemas: Object.fromEntries(sizes.rows.map(({ schema, bytes }) => [schema, Number(bytes)])),
      wal: Number(wal.rows[0]!.bytes),
    };
  } finally {
    await client.end();
  }
}

/** The records themselves: a broker sets room for indexes aside. */
function topicBytes(log: string, prefix: string): number {
  const partitions = fs.readdirSync(log).filter((name) => name.startsWith(`${prefix}.`));
  const segments = partitions.flatMap((name) =>
    fs
      .readdirSync(path.join(log, name))
      .filter((file) => file.endsWith('.log'))
      .map((file) => path.join(log, name, file)),
  );
  return segments.reduce((sum, file) => sum + fs.statSync(file).size, 0);
}

const kb = (bytes: number): string => (bytes / 1000).toFixed(1);

/** `topics 14.2 kB, tables 31.0 kB (audit 20.1, policy 4.0), log of PostgreSQL 52.1 kB` for each of so many actions. */
export function toldStored(before: Stored, after: Stored, actions: number): string {
  const each = (to: number, from = 0) => (to - from) / actions;
  const schemas = Object.entries(after.schemas)
    .map(([schema, bytes]) => [schema, each(bytes, before.schemas[schema])] as const)
    .filter(([, bytes]) => bytes >= 50)
    .sort(([, a], [, b]) => b - a);
  const tables = schemas.reduce((sum, [, bytes]) => sum + bytes, 0);
  const by = schemas.map(([schema, bytes]) => `${schema} ${kb(bytes)}`).join(', ');
  return `topics ${kb(each(after.topics, before.topics))} kB, tables ${kb(tables)} kB (${by}), log of PostgreSQL ${kb(each(after.wal, before.wal))} kB`;
}

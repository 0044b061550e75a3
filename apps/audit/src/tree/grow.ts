import { HASH_BYTES, type Frontier } from '@countersign/evidence';
import type { Rows } from './rows.js';

/** Blocks taken up in one transaction. */
export const STEP = 500;

interface Pending {
  id: string;
  tenant: string;
  leaves: Buffer;
  /** Something in it is more than audit's word on itself. */
  pressing: boolean;
}

export interface Grown {
  /** How many blocks: `STEP` if there may be more. */
  blocks: number;
  /** The tenants whose trees grew, and whether that is to be signed without delay. */
  tenants: Map<string, boolean>;
}

export interface Tile {
  tenant: string;
  level: number;
  index: number;
  hash: Buffer;
}

export type OnTile = (tile: Tile) => void;

/**
 * Puts what waits behind the trees, in one transaction. A block waits from the commit of its records on, so none is seen that is not
 * stored, and it is taken away as it is put in its place.
 */
export async function grow(
  rows: Rows,
  growing: (tenants: string[], onTile: OnTile) => Promise<Map<string, Frontier>>,
): Promise<Grown> {
  const select = `SELECT id, tenant, leaves, EXISTS (SELECT FROM unnest(topics) AS topic WHERE topic <> 'audit') AS pressing
    FROM pending_leaves ORDER BY id LIMIT ${STEP}`;
  const pending = await rows.query<Pending[]>(select);
  const tenants = new Map<string, boolean>();
  for (const { tenant, pressing } of pending) tenants.set(tenant, pressing || (tenants.get(tenant) ?? false));
  const tiles: Tile[] = [];
  const trees = await growing([...tenants.keys()], (tile) => tiles.push(tile));
  const firsts = pending.map(({ tenant, leaves }) => {
    const frontier = trees.get(tenant)!;
    const first = frontier.size;
    for (let at = 0; at < leaves.length; at += HASH_BYTES) frontier.append(leaves.subarray(at, at + HASH_BYTES));
    return first;
  });
  if (pending.length > 0) await store(rows, pending, firsts, trees, tiles);
  return { blocks: pending.length, tenants };
}

async function store(rows: Rows, pending: Pending[], firsts: number[], trees: Map<string, Frontier>, tiles: Tile[]) {
  const columns = 'tenant, topics, partitions, offsets, appended_at, from_at, to_at, leaves';
  await rows.query(
    `WITH taken AS (DELETE FROM pending_leaves p USING unnest($1::bigint[], $2::bigint[]) AS t (id, "first") WHERE p.id = t.id RETURNING t."first", p.*)
     INSERT INTO leaves ("first", ${columns}) SELECT "first", ${columns} FROM taken`,
    [pending.map(({ id }) => id), firsts],
  );
  const grown = [...trees];
  await rows.query(
    `INSERT INTO trees (tenant, size, frontier) SELECT t, s, decode(f, 'hex') FROM unnest($1::text[], $2::bigint[], $3::text[]) AS g (t, s, f)
     ON CONFLICT (tenant) DO UPDATE SET size = excluded.size, frontier = excluded.frontier`,
    [
      grown.map(([tenant]) => tenant),
      grown.map(([, { size }]) => size),
      grown.map(([, { subtrees }]) => Buffer.concat(subtrees).toString('hex')),
    ],
  );
  if (tiles.length === 0) return;
  await rows.query(
    `INSERT INTO tiles (tenant, level, "index", hash) SELECT t, l, i, decode(h, 'hex') FROM unnest($1::text[], $2::int[], $3::bigint[], $4::text[]) AS g (t, l, i, h)`,
    [
      tiles.map(({ tenant }) => tenant),
      tiles.map(({ level }) => level),
      tiles.map(({ index }) => index),
      tiles.map(({ hash }) => hash.toString('hex')),
    ],
  );
}

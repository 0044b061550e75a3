import {
  Frontier,
  HASH_BYTES,
  inclusionRanges,
  joined,
  subtreesOf,
  TILE_BITS,
  type Node,
  type Range,
} from '@countersign/evidence';
import type { Rows } from './rows.js';

/** What is stored of a tree is not what a tree of that size has: something was taken out of it. */
export class BrokenTree extends Error {}

/** One tenant's tree as the database has it, in logarithmic reads. */
export class StoredTree {
  constructor(
    private readonly rows: Rows,
    readonly tenant: string,
  ) {}

  /** The leaves from one index to another, which is not included. */
  async leaves(from: number, to: number): Promise<Buffer[]> {
    const select = `SELECT "first"::float8 AS "first", leaves FROM leaves
      WHERE tenant = $1 AND "first" < $3 AND "first" >= (SELECT coalesce(max("first"), 0) FROM leaves WHERE tenant = $1 AND "first" <= $2)
      ORDER BY "first"`;
    const blocks = await this.rows.query<{ first: number; leaves: Buffer }[]>(select, [this.tenant, from, to]);
    const leaves: Buffer[] = [];
    for (const block of blocks) {
      const start = Math.max(from - block.first, 0);
      const end = Math.min(to - block.first, block.leaves.length / HASH_BYTES);
      if (block.first + start !== from + leaves.length) throw this.broken(from + leaves.length);
      for (let n = start; n < end; n++) leaves.push(block.leaves.subarray(n * HASH_BYTES, (n + 1) * HASH_BYTES));
    }
    if (leaves.length !== to - from) throw this.broken(from + leaves.length);
    return leaves;
  }

  /** The frontier of the tree's first `size` leaves. */
  async frontier(size: number): Promise<Frontier> {
    return new Frontier(size, await this.each(subtreesOf(0, size), (node) => this.node(node)));
  }

  /** The audit path of a leaf in the tree of `size`. */
  path(index: number, size: number): Promise<Buffer[]> {
    return this.each(inclusionRanges(index, size), (range) => this.hash(range));
  }

  private async hash({ from, to }: Range): Promise<Buffer> {
    return joined(await this.each(subtreesOf(from, to), (node) => this.node(node)));
  }

  private async node({ level, index }: Node): Promise<Buffer> {
    const above = level % TILE_BITS;
    const base = level - above;
    const [from, to] = [index * 2 ** above, (index + 1) * 2 ** above];
    const parts = base === 0 ? await this.leaves(from, to) : await this.tiles(base, from, to);
    const frontier = new Frontier();
    for (const part of parts) frontier.append(part);
    return frontier.root;
  }

  private async tiles(level: number, from: number, to: number): Promise<Buffer[]> {
    const select = `SELECT hash FROM tiles WHERE tenant = $1 AND level = $2 AND "index" >= $3 AND "index" < $4 ORDER BY "index"`;
    const rows = await this.rows.query<{ hash: Buffer }[]>(select, [this.tenant, level, from, to]);
    if (rows.length !== to - from) throw this.broken(from * 2 ** level);
    return rows.map(({ hash }) => hash);
  }

  /** One after the other, as a connection takes them. */
  private async each<T>(asked: T[], read: (one: T) => Promise<Buffer>): Promise<Buffer[]> {
    const hashes: Buffer[] = [];
    for (const one of asked) hashes.push(await read(one));
    return hashes;
  }

  private broken(index: number): BrokenTree {
    return new BrokenTree(`the tree of ${this.tenant} is not whole around index ${index}`);
  }
}

/*
 * The trees of all tenants, as one instance holds them while it has the lock (docs/tamper-evidence.md).
 *
 *  1  A leaf has one index, in the order its records were stored in, and is in the tree once: a step is one transaction.
 *  2  Before a tree grows for the first time, what is stored of it has to lead to the newest checkpoint that was signed of it; from then on
 *     it has to be what this process itself wrote last.
 *  3  Nothing is signed of a tree whose stored state is not that. `Tampered` says so.
 */
import { createHash, type KeyObject } from 'node:crypto';
import { Frontier, openCheckpoint, originOf, signCheckpoint, type Head } from '@countersign/evidence';
import type { Signer } from '@countersign/signing';
import { grow, STEP, type OnTile } from './grow.js';
import type { Rows } from './rows.js';
import { BrokenTree, StoredTree } from './stored-tree.js';

export class Tampered extends Error {}

export interface Signed {
  tenant: string;
  size: number;
  note: string;
}

/** What audit last published, as it stands outside of the database. */
export interface Outside {
  checkpoints: Signed[];
  /** Of all trees together: each event that audit publishes has more than the one before. */
  leaves: number;
  heads: string;
}

interface StoredSize {
  tenant: string;
  size: number;
  frontier: Buffer;
}

interface StoredHead {
  tenant: string;
  size: number;
  root: Buffer;
  note: string;
}

export interface TreesParts {
  rows: Rows;
  /** What the trees' names begin with. */
  system: string;
  signer: Signer;
  /** Audit's public keys, those it signed with before too. */
  keys: () => KeyObject[];
}

export class Trees {
  private readonly trees = new Map<string, Frontier>();
  /** The newest checkpoint of each tree. */
  private readonly heads = new Map<string, Head>();
  /** Of those, what is known to stand outside. */
  private readonly published = new Map<string, Head>();
  private readonly grown = new Map<string, boolean>();

  constructor(private readonly parts: TreesParts) {}

  /** Reads what was signed, and holds it against what stands outside of the database. */
  async open(outside: Outside | undefined): Promise<void> {
    for (const head of await this.stored(
      'c.size = (SELECT max(size) FROM checkpoints m WHERE m.tenant = t.tenant AND m.origin = c.origin)',
    ))
      this.heads.set(head.tenant, this.opened(head));
    for (const head of await this.stored('c.size = t.published')) this.published.set(head.tenant, this.opened(head));
    if (outside) await this.confirmOutside(outside);
    const behind = `SELECT tenant, size::float8 AS size FROM trees`;
    for (const { tenant, size } of await this.parts.rows.query<{ tenant: string; size: number }[]>(behind))
      if (size > (this.heads.get(tenant)?.size ?? 0)) this.grown.set(tenant, true);
  }

  /** Puts in order what waits, `STEP` blocks at most. Answers whether there may be more. */
  async grow(): Promise<boolean> {
    const { blocks, tenants } = await this.transaction(() => grow(this.parts.rows, (...ask) => this.growing(...ask)));
    for (const [tenant, pressing] of tenants) this.grown.set(tenant, pressing || (this.grown.get(tenant) ?? false));
    return blocks === STEP;
  }

  /** Signs the trees that grew, and all that were signed and do not stand outside yet. */
  async sign(isDue: (tenant: string, pressing: boolean) => boolean): Promise<Signed[]> {
    const due = [...this.grown].filter(([tenant, pressing]) => isDue(tenant, pressing)).map(([tenant]) => tenant);
    const signed: StoredHead[] = [];
    for (const [tenant, frontier] of await this.treesOf(due)) {
      const head = { size: frontier.size, root: frontier.root };
      const note = signCheckpoint({ origin: originOf(this.parts.system, tenant), ...head }, this.parts.signer);
      signed.push({ tenant, ...head, note });
    }
    await this.storeCheckpoints(signed);
    for (const { tenant, size, root } of signed) {
      this.heads.set(tenant, { size, root });
      this.grown.delete(tenant);
    }
    return this.unpublished();
  }

  /** The event's data, once these are counted among those that stand outside. */
  headsWith(some: Signed[]): { trees: number; leaves: number; heads: string } {
    const all = new Map(this.published);
    for (const { tenant } of some) all.set(tenant, this.heads.get(tenant)!);
    return { trees: all.size, leaves: leavesOf(all), heads: this.digest(all) };
  }

  /** These stand outside now. */
  async confirm(some: Signed[]): Promise<void> {
    await this.storePublished(some);
    for (const { tenant } of some) this.published.set(tenant, this.heads.get(tenant)!);
  }

  private async storePublished(some: Signed[]): Promise<void> {
    const update = `UPDATE trees t SET published = p.size FROM unnest($1::text[], $2::bigint[]) AS p (tenant, size) WHERE t.tenant = p.tenant`;
    await this.parts.rows.query(update, [some.map(({ tenant }) => tenant), some.map(({ size }) => size)]);
  }

  /** What was last signed of a tenant's tree, as this process remembers it. */
  headOf(tenant: string): Head | undefined {
    return this.heads.get(tenant);
  }

  private async unpublished(): Promise<Signed[]> {
    const open = [...this.heads].filter(([tenant, { size }]) => size !== this.published.get(tenant)?.size);
    if (open.length === 0) return [];
    const select = `SELECT tenant, size::float8 AS size, note FROM checkpoints JOIN unnest($1::text[], $2::bigint[]) AS p (tenant, size) USING (tenant, size)
      WHERE starts_with(origin, $3) ORDER BY tenant`;
    return this.parts.rows.query<Signed[]>(select, [
      open.map(([tenant]) => tenant),
      open.map(([, { size }]) => size),
      `${this.parts.system}/`,
    ]);
  }

  private async storeCheckpoints(signed: StoredHead[]): Promise<void> {
    if (signed.length === 0) return;
    const insert = `INSERT INTO checkpoints (tenant, origin, size, root, note) SELECT t, o, s, decode(r, 'hex'), n
      FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[]) AS c (t, o, s, r, n)`;
    await this.parts.rows.query(insert, [
      signed.map(({ tenant }) => tenant),
      signed.map(({ tenant }) => originOf(this.parts.system, tenant)),
      signed.map(({ size }) => size),
      signed.map(({ root }) => root.toString('hex')),
      signed.map(({ note }) => note),
    ]);
  }

  /** To go on from. Once a step fails, all that is held here is worth nothing: whoever holds it begins anew. */
  private async growing(tenants: string[], onTile: OnTile): Promise<Map<string, Frontier>> {
    const growing = new Map<string, Frontier>();
    for (const [tenant, { size, subtrees }] of await this.treesOf(tenants))
      growing.set(tenant, new Frontier(size, subtrees, (tile) => onTile({ tenant, ...tile })));
    for (const [tenant, frontier] of growing) this.trees.set(tenant, frontier);
    return growing;
  }

  private async treesOf(tenants: string[]): Promise<Map<string, Frontier>> {
    if (tenants.length === 0) return new Map();
    const select = 'SELECT tenant, size::float8 AS size, frontier FROM trees WHERE tenant = ANY ($1)';
    const rows = await this.parts.rows.query<StoredSize[]>(select, [tenants]);
    const stored = new Map(rows.map((row) => [row.tenant, row]));
    const trees = new Map<string, Frontier>();
    for (const tenant of tenants)
      trees.set(tenant, await this.treeOf(stored.get(tenant) ?? { tenant, size: 0, frontier: Buffer.alloc(0) }));
    return trees;
  }

  private async treeOf({ tenant, size, frontier }: StoredSize): Promise<Frontier> {
    const known = this.trees.get(tenant);
    if (!known) {
      const confirmed = await this.confirmed(tenant, size, frontier);
      this.trees.set(tenant, confirmed);
      return confirmed;
    }
    if (known.size !== size || !Buffer.concat(known.subtrees).equals(frontier))
      throw new Tampered(`the tree of ${tenant} is not what was last written of it`);
    return known;
  }

  /** Guarantee 2. */
  private async confirmed(tenant: string, size: number, frontier: Buffer): Promise<Frontier> {
    const stored = new StoredTree(this.parts.rows, tenant);
    try {
      const head = this.heads.get(tenant);
      if (head && (head.size > size || !(await stored.frontier(head.size)).root.equals(head.root)))
        throw new Tampered(`the tree of ${tenant} does not lead to its checkpoint of size ${head.size}`);
      const now = await stored.frontier(size);
      if (!Buffer.concat(now.subtrees).equals(frontier))
        throw new Tampered(`the tree of ${tenant} is not what its ${size} leaves make`);
      return now;
    } catch (error) {
      if (error instanceof BrokenTree) throw new Tampered(error.message);
      throw error;
    }
  }

  /** What was published last is there, and nothing else was before it. Whoever published it may have died before it said so here. */
  private async confirmOutside({ checkpoints, heads }: Outside): Promise<void> {
    const select = `SELECT FROM checkpoints JOIN unnest($1::text[], $2::bigint[], $3::text[]) AS p (tenant, size, note) USING (tenant, size, note)`;
    const there = await this.parts.rows.query<object[]>(select, [
      checkpoints.map(({ tenant }) => tenant),
      checkpoints.map(({ size }) => size),
      checkpoints.map(({ note }) => note),
    ]);
    if (there.length !== checkpoints.length)
      throw new Tampered('checkpoints were published that are not stored any more');
    for (const { tenant, note } of checkpoints) {
      const head = openCheckpoint(note, this.parts.keys());
      if (!head) throw new Tampered(`a checkpoint of ${tenant} on the topic is not signed by audit`);
      this.published.set(tenant, head);
    }
    if (this.digest(this.published) !== heads)
      throw new Tampered('the checkpoints that are stored are not those that were published');
    await this.storePublished(checkpoints);
  }

  private digest(heads: Map<string, Head>): string {
    const lines = [...heads].map(
      ([tenant, { size, root }]) => `${originOf(this.parts.system, tenant)} ${size} ${root.toString('base64')}\n`,
    );
    return createHash('sha256').update(lines.sort().join('')).digest('base64url');
  }

  private stored(which: string): Promise<StoredHead[]> {
    return this.parts.rows.query<StoredHead[]>(
      `SELECT t.tenant, c.size::float8 AS size, c.root, c.note FROM trees t JOIN checkpoints c ON c.tenant = t.tenant AND starts_with(c.origin, $1) AND ${which}`,
      [`${this.parts.system}/`],
    );
  }

  private opened({ tenant, size, root, note }: StoredHead): Head {
    const checkpoint = openCheckpoint(note, this.parts.keys());
    if (
      checkpoint?.origin !== originOf(this.parts.system, tenant) ||
      checkpoint.size !== size ||
      !checkpoint.root.equals(root)
    )
      throw new Tampered(`the checkpoint of ${tenant} of size ${size} is not signed by audit`);
    return { size, root };
  }

  private async transaction<T>(run: () => Promise<T>): Promise<T> {
    const { rows } = this.parts;
    await rows.query('BEGIN');
    try {
      const result = await run();
      await rows.query('COMMIT');
      return result;
    } catch (error) {
      await rows.query('ROLLBACK');
      throw error;
    }
  }
}

const leavesOf = (heads: Map<string, Head>) => [...heads.values()].reduce((sum, { size }) => sum + size, 0);

import { createHash } from 'node:crypto';

/** What a file holds, counted while it is written from the database and again while it is read back. */
export class Tally {
  rows = 0;
  /** Indexes in the tree, the second number of each not included. */
  readonly indexes: [number, number][] = [];
  private readonly hash = createHash('sha256');

  add(index: number, leaf: Buffer): void {
    const last = this.indexes.at(-1);
    if (last?.[1] === index) last[1]++;
    else this.indexes.push([index, index + 1]);
    this.rows++;
    this.hash.update(`${index} `).update(leaf);
  }

  /** Equal for the same leaves at the same indexes in the same order. Asked for once, at the end. */
  digest(): string {
    return this.hash.digest('hex');
  }
}

/** As PostgreSQL writes an `int8multirange`. */
export const multirange = (indexes: readonly [number, number][]): string =>
  `{${indexes.map(([from, to]) => `[${from},${to})`).join(',')}}`;

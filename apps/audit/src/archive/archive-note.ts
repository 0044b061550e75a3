import { createHash, type KeyObject } from 'node:crypto';
import { openNote, signNote } from '@countersign/evidence';
import type { Signer } from '@countersign/signing';

/** What a row of `archives` says. */
export interface Archived {
  file: string;
  day: string;
  /** An `int8multirange` as PostgreSQL writes it. */
  indexes: string;
  rows: number;
  sha256: string;
}

/** The table is the owner's, who could say there of any record that it is in a file: only what audit's key signed counts. */
export const signArchived = (archived: Archived, origin: string, signer: Signer): string =>
  signNote(textOf(archived, origin), origin, signer);

export const isSigned = (archived: Archived, note: string, origin: string, keys: readonly KeyObject[]): boolean =>
  openNote(note, origin, keys) === textOf(archived, origin);

/** Unlike a checkpoint's, its second line is no number. */
function textOf({ file, day, indexes, rows, sha256 }: Archived, origin: string): string {
  const digest = createHash('sha256').update(indexes).digest('hex');
  return `${[origin, 'archived', file, day, digest, rows, sha256].join('\n')}\n`;
}

/** Rows of `archives` that audit's key signed, and the indexes they vouch for. */
export const ARCHIVED = `SELECT file, to_char(day, 'YYYY-MM-DD') AS day, indexes::text AS indexes, rows::float8 AS rows, sha256, note FROM archives WHERE tenant = $1 ORDER BY file`;

export type ArchivedRow = Archived & { note: string };

/** Which indexes are in files. */
export class ArchivedIndexes {
  readonly unsigned: string[] = [];
  private readonly ranges: [number, number][] = [];

  constructor(rows: readonly ArchivedRow[], origin: string, keys: readonly KeyObject[]) {
    for (const row of rows)
      if (isSigned(row, row.note, origin, keys)) this.ranges.push(...rangesOf(row.indexes));
      else this.unsigned.push(row.file);
    this.ranges.sort(([a], [b]) => a - b);
    // Each with the farthest end of those up to it.
    for (let n = 1; n < this.ranges.length; n++)
      this.ranges[n]![1] = Math.max(this.ranges[n]![1], this.ranges[n - 1]![1]);
  }

  has(index: number): boolean {
    let low = 0;
    let high = this.ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ranges[middle]![0] <= index) low = middle + 1;
      else high = middle;
    }
    return low > 0 && index < this.ranges[low - 1]![1];
  }
}

const rangesOf = (indexes: string) =>
  [...indexes.matchAll(/\[(\d+),(\d+)\)/g)].map(([, from, to]) => [Number(from), Number(to)] as [number, number]);

/*
 * Merkle trees of RFC 6962 that grow, in logarithmic room; proofs as RFC 9162, section 2.1.
 *
 *  1  A range that was appended to leaf by leaf has the root of the tree over all those leaves (2.1.1).
 *  2  An inclusion path leads from a leaf to the root of one size alone; a consistency path from the root of one size to that of a later
 *     one, if and only if the later tree begins with the earlier.
 *  3  Sizes are good up to 2^31.
 */
import { createHash } from 'node:crypto';
import { climb, nodeHash } from '@countersign/signing';

export const TILE_BITS = 8;
export const HASH_BYTES = 32;

/** A complete subtree: over 2^level leaves from index · 2^level on. */
export interface Node {
  level: number;
  index: number;
}

/** What is kept of a tree to let it grow: the roots of its complete subtrees, the largest first. */
export class Frontier {
  private readonly hashes: Buffer[];

  /** @param onTile told of each subtree of 256, 65,536, … leaves once it is complete */
  constructor(
    public size = 0,
    hashes: readonly Buffer[] = [],
    private readonly onTile: (tile: Node & { hash: Buffer }) => void = () => {},
  ) {
    if (hashes.length !== subtreesOf(0, size).length)
      throw new RangeError(`a frontier of ${hashes.length} hashes is none of ${size} leaves`);
    this.hashes = [...hashes];
  }

  append(leaf: Buffer): void {
    let hash = leaf;
    let index = this.size;
    for (let level = 1; index % 2 === 1; level++) {
      hash = nodeHash(this.hashes.pop()!, hash);
      index = (index - 1) / 2;
      if (level % TILE_BITS === 0) this.onTile({ level, index, hash });
    }
    this.hashes.push(hash);
    this.size++;
  }

  get root(): Buffer {
    return this.size === 0 ? createHash('sha256').digest() : joined(this.hashes);
  }

  get subtrees(): readonly Buffer[] {
    return this.hashes;
  }
}

/** The hash over subtrees that stand side by side, the largest first. */
export const joined = (hashes: readonly Buffer[]): Buffer => hashes.reduceRight((right, left) => nodeHash(left, right));

export interface Range {
  from: number;
  to: number;
}

/** The largest power of two below `size`. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

/** The ranges whose hashes make up the audit path of a leaf, the nearest first. */
export function inclusionRanges(index: number, size: number): Range[] {
  const ranges: Range[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    if (index < middle) {
      ranges.push({ from: middle, to });
      to = middle;
    } else {
      ranges.push({ from, to: middle });
      from = middle;
    }
  }
  return ranges.reverse();
}

/** The ranges whose hashes prove that a tree of `second` leaves begins with that of `first`, in the RFC's order. */
export function consistencyRanges(first: number, second: number): Range[] {
  if (first === 0 || first === second) return [];
  const ranges: Range[] = [];
  let [from, to] = [0, second];
  let whole = true;
  while (first !== to) {
    const middle = from + splitOf(to - from);
    if (first <= middle) {
      ranges.push({ from: middle, to });
      to = middle;
    } else {
      ranges.push({ from, to: middle });
      from = middle;
      whole = false;
    }
  }
  if (!whole) ranges.push({ from, to });
  return ranges.reverse();
}

/** The complete subtrees that a range of such a path consists of, the largest first: it begins where one of its length may. */
export function subtreesOf(from: number, to: number): Node[] {
  const nodes: Node[] = [];
  for (let at = from; at < to;) {
    let level = 0;
    let length = 1;
    while (at % (length * 2) === 0 && at + length * 2 <= to) {
      length *= 2;
      level++;
    }
    nodes.push({ level, index: at / length });
    at += length;
  }
  return nodes;
}

/** Whether a leaf stands at `index` of the tree of that size and root. */
export function isIncluded(leaf: Buffer, index: number, { size, root }: Head, path: Buffer[]): boolean {
  if (index < 0 || index >= size) return false;
  const top = climb({ at: index, last: size - 1, hash: leaf }, path);
  return top?.last === 0 && top.hash.equals(root);
}

export interface Head {
  size: number;
  root: Buffer;
}

/** Whether the later tree begins with the earlier (RFC 9162, 2.1.4.2). */
export function isConsistent(first: Head, second: Head, path: Buffer[]): boolean {
  if (first.size > second.size) return false;
  if (first.size === second.size) return path.length === 0 && first.root.equals(second.root);
  if (first.size === 0) return path.length === 0;
  const nodes = Number.isInteger(Math.log2(first.size)) ? [first.root, ...path] : path;
  let [at, last] = [first.size - 1, second.size - 1];
  while (at % 2 === 1) [at, last] = [at >> 1, last >> 1];
  let [early, late] = [nodes[0], nodes[0]];
  if (!early || !late) return false;
  for (const node of nodes.slice(1)) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      early = nodeHash(node, early);
      late = nodeHash(node, late);
      while (at % 2 === 0 && at !== 0) [at, last] = [at >> 1, last >> 1];
    } else late = nodeHash(late, node);
    [at, last] = [at >> 1, last >> 1];
  }
  return last === 0 && early.equals(first.root) && late.equals(second.root);
}

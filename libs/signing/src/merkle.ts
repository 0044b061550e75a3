import { hash as digest } from 'node:crypto';

/*
 * The tree of RFC 6962, section 2.1, with SHA-256: a leaf is hashed behind 0x00, a node behind 0x01, so that neither passes for the other.
 */

/** Of a leaf's text in UTF-8. */
export const leafHash = (text: string): Buffer => digest('sha256', `\u0000${text}`, 'buffer');

/** One node's input, written anew for each: nothing keeps it. */
const node = Buffer.alloc(65, 1);

export function nodeHash(left: Buffer, right: Buffer): Buffer {
  left.copy(node, 1);
  right.copy(node, 33);
  return digest('sha256', node, 'buffer');
}

export interface Tree {
  root: Buffer;
  /** The audit path of each leaf, from the leaf's sibling up. */
  paths: Buffer[][];
}

/** The tree over at least one leaf. Level by level: a last node without a sibling goes up as it is, as RFC 6962 splits it. */
export function treeOf(leaves: Buffer[]): Tree {
  if (leaves.length === 0) throw new RangeError('a tree has at least one leaf');
  const paths: Buffer[][] = leaves.map(() => []);
  let level = leaves;
  for (let depth = 0; level.length > 1; depth++) {
    paths.forEach((path, index) => {
      const sibling = level[(index >> depth) ^ 1];
      if (sibling) path.push(sibling);
    });
    const above: Buffer[] = [];
    for (let at = 0; at < level.length; at += 2) {
      const [left, right] = [level[at]!, level[at + 1]];
      above.push(right ? nodeHash(left, right) : left);
    }
    level = above;
  }
  return { root: level[0]!, paths };
}

/** A node on the way up: `at` is its place on its level, `last` the level's last. */
export interface Step {
  at: number;
  last: number;
  hash: Buffer;
}

/**
 * Where the path leads from here (RFC 9162, 2.1.3.2); undefined for one that goes on above the root. It is the whole way, and
 * its end the root, if `last` is 0 there.
 */
export function climb(from: Step, path: Buffer[]): Step | undefined {
  let { at, last, hash } = from;
  for (const sibling of path) {
    if (last === 0) return undefined;
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(sibling, hash);
      while (at % 2 === 0 && at !== 0) {
        at >>= 1;
        last >>= 1;
      }
    } else hash = nodeHash(hash, sibling);
    at >>= 1;
    last >>= 1;
  }
  return { at, last, hash };
}

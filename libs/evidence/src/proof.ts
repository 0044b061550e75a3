import type { KeyObject } from 'node:crypto';
import { leafHash } from '@countersign/signing';
import { openCheckpoint, type Checkpoint } from './checkpoint.js';
import { isIncluded } from './tree.js';

/** That a record stands in a tenant's tree as it was stored. */
export interface Proof {
  tenant: string;
  index: number;
  size: number;
  leaf: string;
  /** The audit path in base64, from the leaf's sibling up. */
  path: string[];
  /** A signed note. */
  checkpoint: string;
  /** The leaf's text (leaf.ts), as JSON. */
  record: Record<string, unknown>;
}

/** The checkpoint that a proof leads to; undefined if it leads to none that one of the keys signed. */
export function verifyProof({ index, path, checkpoint: note, record }: Proof, keys: readonly KeyObject[]) {
  const checkpoint: Checkpoint | undefined = openCheckpoint(note, keys);
  const leaf = leafHash(JSON.stringify(record));
  const nodes = path.map((hash) => Buffer.from(hash, 'base64'));
  return checkpoint && isIncluded(leaf, index, checkpoint, nodes) ? checkpoint : undefined;
}

import type { KeyObject } from 'node:crypto';
import { leafHash } from '@countersign/signing';
import type { z } from 'zod';
import type { proof } from './answers.js';
import { openCheckpoint, type Checkpoint } from './checkpoint.js';
import { isIncluded } from './tree.js';

export type Proof = z.infer<typeof proof>;

/** The checkpoint that a proof leads to; undefined if it leads to none that one of the keys signed. */
export function verifyProof({ index, path, checkpoint: note, record }: Proof, keys: readonly KeyObject[]) {
  const checkpoint: Checkpoint | undefined = openCheckpoint(note, keys);
  const leaf = leafHash(JSON.stringify(record));
  const nodes = path.map((hash) => Buffer.from(hash, 'base64'));
  return checkpoint && isIncluded(leaf, index, checkpoint, nodes) ? checkpoint : undefined;
}

import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** What seals: `hash` says whether a value is known, `master` is who alone may open the keys of data subjects. */
export interface SealingKeys {
  hash: Buffer;
  master: KeyObject;
}

/** Of policy and executor: `<dir>/sealing-hash.key` (32 bytes) and `<dir>/trusted/sealing.pub.pem` (X25519). */
export function loadSealingKeys(dir: string): SealingKeys {
  const hash = readFileSync(path.join(dir, 'sealing-hash.key'));
  if (hash.length < 32) throw new Error(`${dir}/sealing-hash.key must have at least 32 bytes; generate it anew`);
  return { hash, master: createPublicKey(readFileSync(path.join(dir, 'trusted', 'sealing.pub.pem'), 'utf8')) };
}

/** Of executor, approval and audit: `<dir>/sealing.pem` (X25519, PKCS8). Without it a dump of the database opens nothing. */
export const loadOpeningKey = (dir: string): KeyObject =>
  createPrivateKey(readFileSync(path.join(dir, 'sealing.pem'), 'utf8'));

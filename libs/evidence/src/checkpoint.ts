/*
 * Checkpoints of trees: https://c2sp.org/tlog-checkpoint in https://c2sp.org/signed-note, with Ed25519.
 *
 *  1  A note counts if every signature by a key one trusts under that name verifies, and there is at least one.
 *  2  A text is read one way or not at all: what is not to the byte as it would be written is no checkpoint.
 */
import { createHash, verify, type KeyObject } from 'node:crypto';
import type { Signer } from '@countersign/signing';
import { HASH_BYTES, type Head } from './tree.js';

export interface Checkpoint extends Head {
  /** Names the tree. */
  origin: string;
}

/** The tree of a tenant. `system` tells installations apart that sign with the same key. */
export const originOf = (system: string, tenant: string): string => `${system}/${encodeURIComponent(tenant)}`;

const ED25519 = 1;
/** An em dash, as every signature line begins. */
const DASH = '\u2014 ';
const SIGNATURES_LIMIT = 16;
const NOTE_LIMIT = 16_384;
/** A note holds none of them. */
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;

function keyId(name: string, key: KeyObject): Buffer {
  const raw = Buffer.from(key.export({ format: 'jwk' }).x!, 'base64url');
  const hash = createHash('sha256').update(name).update(Buffer.of(10, ED25519)).update(raw);
  return hash.digest().subarray(0, 4);
}

/** Signs a text that ends with a line feed. */
export function signNote(text: string, name: string, signer: Signer): string {
  const signature = Buffer.concat([keyId(name, signer.publicKey), signer.signBytes(Buffer.from(text))]);
  return `${text}\n${DASH}${name} ${signature.toString('base64')}\n`;
}

export const signCheckpoint = (checkpoint: Checkpoint, signer: Signer): string =>
  signNote(checkpointText(checkpoint), checkpoint.origin, signer);

const checkpointText = ({ origin, size, root }: Checkpoint) => `${origin}\n${size}\n${root.toString('base64')}\n`;

const SIGNATURE = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/;

/** The text of a note that one of the keys signed under `name`; undefined for any other. */
export function openNote(note: string, name: string, keys: readonly KeyObject[]): string | undefined {
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || note.length > NOTE_LIMIT || !note.endsWith('\n') || CONTROL.test(note)) return undefined;
  const text = note.slice(0, end + 1);
  const lines = note.slice(end + 2, -1).split('\n');
  if (lines.length > SIGNATURES_LIMIT) return undefined;
  let signed = false;
  for (const line of lines) {
    const [, by, base64 = ''] = SIGNATURE.exec(line) ?? [];
    const bytes = Buffer.from(base64, 'base64');
    if (by === undefined || bytes.toString('base64') !== base64) return undefined;
    const known = by === name ? keys.filter((key) => keyId(name, key).equals(bytes.subarray(0, 4))) : [];
    if (known.length === 0) continue;
    if (!known.some((key) => verify(null, Buffer.from(text), key, bytes.subarray(4)))) return undefined;
    signed = true;
  }
  return signed ? text : undefined;
}

const TEXT = /^([^\n]+)\n(0|[1-9]\d{0,14})\n([A-Za-z0-9+/]{43}=)\n$/;

export function readCheckpoint(text: string): Checkpoint | undefined {
  const [, origin, size, base64 = ''] = TEXT.exec(text) ?? [];
  const root = Buffer.from(base64, 'base64');
  if (origin === undefined || root.length !== HASH_BYTES || root.toString('base64') !== base64) return undefined;
  return { origin, size: Number(size), root };
}

/** The checkpoint of a note that one of the keys signed, by the name its own first line gives. */
export function openCheckpoint(note: string, keys: readonly KeyObject[]): Checkpoint | undefined {
  const text = openNote(note, note.slice(0, Math.max(note.indexOf('\n'), 0)), keys);
  return text === undefined ? undefined : readCheckpoint(text);
}

/*
 * That a record stands in a tenant's tree (RFC 6962), counted anew from its own text. What it guarantees:
 * 1. "It agrees" is said only if leaf, path and root were all computed here and the root is the checkpoint's.
 * 2. Whose signature the checkpoint has is not judged here: that takes audit's public key, which the page has not.
 */
import type { GetV1AuditProofsEventIdResponse } from '../../api/generated/index.js';
import { exact } from '../../ui/relative-time.js';

export type Proof = GetV1AuditProofsEventIdResponse;

export interface Checked {
  tone: 'green' | 'red';
  title: string;
  words: string;
}

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
const base64Of = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

async function hash(...parts: Uint8Array[]): Promise<Uint8Array<ArrayBuffer>> {
  const all = new Uint8Array(parts.flatMap((part) => [...part]));
  return new Uint8Array(await crypto.subtle.digest('SHA-256', all));
}
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** RFC 9162, 2.1.3.2; undefined where the path is not one of such a tree. */
export async function rootOf({ index, size, path, leaf }: Pick<Proof, 'index' | 'size' | 'path' | 'leaf'>) {
  if (index >= size) return undefined;
  let [at, last, root] = [index, size - 1, bytesOf(leaf)];
  for (const step of path.map(bytesOf)) {
    if (last === 0) return undefined;
    if (at % 2 === 1 || at === last) {
      root = await hash(NODE, step, root);
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else root = await hash(NODE, root, step);
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 ? base64Of(root) : undefined;
}

/** What a checkpoint says: its first three lines (C2SP tlog-checkpoint). */
export function saidIn(checkpoint: string): { origin: string; size: number; root: string } {
  const [origin = '', size = '', root = ''] = checkpoint.split('\n');
  return { origin, size: Number(size), root };
}

/** Guarantee 1. */
export async function checkOf(proof: Proof): Promise<Checked> {
  const text = new TextEncoder().encode(JSON.stringify(proof.record));
  const { size, root } = saidIn(proof.checkpoint);
  const isLeaf = base64Of(await hash(LEAF, text)) === proof.leaf;
  const isRoot = size === proof.size && (await rootOf(proof)) === root;
  if (isLeaf && isRoot)
    return {
      tone: 'green',
      title: 'It stands in the tree as it was stored',
      words:
        'This page counted it anew. Whose the signature is, “countersign audit prove” checks with audit’s public key.',
    };
  const what = isLeaf ? 'the path does not lead to the signed root' : 'the record is not the one its leaf was made of';
  return { tone: 'red', title: 'It is not as it was signed', words: `Counted anew, ${what}.` };
}

/** In words, one after the other. */
export function stepsOf({ record, index, size, leaf, path, checkpoint }: Proof): string[] {
  const { origin } = saidIn(checkpoint);
  const text = (name: string) => (typeof record[name] === 'string' ? record[name] : 'unknown');
  const at = text('appendedAt') === 'unknown' ? text('appended_at') : text('appendedAt');
  const when = Number.isNaN(Date.parse(at)) ? at : exact(at);
  return [
    `The record is ${text('type')} on topic ${text('topic')}, taken by the broker ${when}.`,
    `Its hash is leaf ${index.toLocaleString('en')} of the tree: ${leaf}.`,
    `${path.length} neighbouring ${path.length === 1 ? 'hash leads' : 'hashes lead'} from the leaf to the root.`,
    `The root is that of the checkpoint over ${size.toLocaleString('en')} records, signed as ${origin}.`,
  ];
}

import { createHash, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { PlainKafka, StoredRecord } from '@countersign/testing';

/** A record somebody else wrote, to be sent on altered. Signs by node:crypto alone: no code of the product helps the forger. */
export interface Forgery {
  name: string;
  record: StoredRecord;
}

type Data = Record<string, unknown>;

export const dataOf = (record: StoredRecord) => JSON.parse(record.value?.toString() ?? 'null') as Data;

/** The same record with its data changed and the old signature kept. */
export function altered(record: StoredRecord, change: (data: Data) => void): StoredRecord {
  const data = dataOf(record);
  change(data);
  return { ...record, value: Buffer.from(canonicalize(data) ?? '') };
}

export function withHeader(record: StoredRecord, name: string, value: string): StoredRecord {
  return { ...record, headers: { ...record.headers, [name]: value } };
}

/** The same record signed anew by another key, its protected header otherwise as it was. */
export function resigned(record: StoredRecord, key: KeyObject): StoredRecord {
  const [head = ''] = (record.headers['ce_signature'] ?? '').split('.');
  const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as Record<string, string>;
  const protectedHeader = { ...header, kid: thumbprint(key), eid: record.headers['ce_id'], sub: record.headers['ce_subject'] ?? '', typ: record.headers['ce_type'], key: record.key };
  const encoded = Buffer.from(JSON.stringify(protectedHeader)).toString('base64url');
  const signature = sign(null, Buffer.from(`${encoded}.${record.value?.toString('base64url')}`), key).toString('base64url');
  return withHeader(record, 'ce_signature', `${encoded}..${signature}`);
}

export const strangerKey = () => generateKeyPairSync('ed25519').privateKey;

function thumbprint(key: KeyObject): string {
  const { crv, kty, x } = createPublicKey(key).export({ format: 'jwk' });
  return createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url');
}

export async function send(plain: PlainKafka, topic: string, forgeries: Forgery[]): Promise<void> {
  await plain.produce(topic, ...forgeries.map(({ record }) => ({ key: record.key ?? null, value: record.value, headers: record.headers, partition: record.partition })));
}

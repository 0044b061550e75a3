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

const COVERED = [
  'actorid',
  'causationid',
  'correlationid',
  'id',
  'session',
  'source',
  'subject',
  'tenantid',
  'time',
  'type',
];

/** The same record signed anew by another key, as the one event of a transaction. */
export function resigned(record: StoredRecord, key: KeyObject): StoredRecord {
  const attributes = Object.fromEntries(COVERED.map((name) => [name, record.headers[`ce_${name}`] ?? '']));
  const covered = Buffer.from(`\u0000${canonicalize({ ...attributes, key: record.key })}\n`);
  const root = createHash('sha256')
    .update(covered)
    .update(record.value ?? '')
    .digest('base64url');
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${encode({ alg: 'EdDSA', kid: thumbprint(key), typ: 'countersign-tree' })}.${encode({ root, size: 1 })}`;
  const signature = sign(null, Buffer.from(input), key).toString('base64url');
  return withHeader(record, 'ce_signature', `${input}.${signature}~0`);
}

export const strangerKey = () => generateKeyPairSync('ed25519').privateKey;

function thumbprint(key: KeyObject): string {
  const { crv, kty, x } = createPublicKey(key).export({ format: 'jwk' });
  return createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url');
}

export async function send(plain: PlainKafka, topic: string, forgeries: Forgery[]): Promise<void> {
  await plain.produce(
    topic,
    ...forgeries.map(({ record }) => ({
      key: record.key ?? null,
      value: record.value,
      headers: record.headers,
      partition: record.partition,
    })),
  );
}

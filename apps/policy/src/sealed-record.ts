import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, type KeyObject } from 'node:crypto';
import type { Incoming } from '@countersign/contracts';
import type { Waiter } from './waiting.js';

const CIPHER = 'aes-256-gcm';
const NONCE = 12;
const TAG = 16;

/** A record whose sender nobody can judge yet, with its token: nothing of either can be read but by policy, until then. */
export function sealRecord(openKey: KeyObject, { record, key, event, text }: Waiter, token: string): string {
  const { topic, partition, offset, timestamp } = record;
  const kept = { topic, partition, offset: String(offset), timestamp };
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv(CIPHER, keyOf(openKey), nonce);
  const bytes = Buffer.from(JSON.stringify({ record: kept, key, event, text, token }));
  return Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

/** Throws where it was sealed with another key, or altered. */
export function openRecord(openKey: KeyObject, sealed: string): { incoming: Waiter; token: string } {
  const whole = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv(CIPHER, keyOf(openKey), whole.subarray(0, NONCE), { authTagLength: TAG });
  decipher.setAuthTag(whole.subarray(-TAG));
  const text = Buffer.concat([decipher.update(whole.subarray(NONCE, -TAG)), decipher.final()]).toString('utf8');
  const { record, token, ...rest } = JSON.parse(text) as Kept;
  const place = { ...record, offset: BigInt(record.offset), key: null, value: null, headers: {} };
  return { incoming: { ...rest, record: place, headers: {}, signature: undefined } as Waiter, token };
}

type Kept = Omit<Waiter, 'record'> & {
  record: Omit<Incoming['record'], 'offset'> & { offset: string };
  token: string;
};

const keyOf = (openKey: KeyObject): Buffer =>
  Buffer.from(hkdfSync('sha256', openKey.export({ type: 'pkcs8', format: 'der' }), '', 'countersign/v1/waiting', 32));

/*
 * Bytes sealed to a public key (X25519, HKDF-SHA256, AES-256-GCM). What it guarantees:
 * 1. Who seals cannot open: only the private key does.
 * 2. A box opens in its own context alone: put in another's place it does not open.
 * 3. Two boxes of the same bytes have nothing in common.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const PUBLIC = 32;
const TAG = 16;

/** Where a box belongs: part of its encryption. */
export type Context = readonly string[];

export function box(to: KeyObject, bytes: Buffer, context: Context): string {
  const own = generateKeyPairSync('x25519');
  const ours = rawPublic(own.publicKey);
  const { key, iv, aad } = keyOf(diffieHellman({ privateKey: own.privateKey, publicKey: to }), ours, to, context);
  const cipher = createCipheriv(CIPHER, key, iv).setAAD(aad);
  return Buffer.concat([ours, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]).toString('base64url');
}

/** Throws when the box is not of this key and context. */
export function openBox(privateKey: KeyObject, sealed: string, context: Context): Buffer {
  const whole = Buffer.from(sealed, 'base64url');
  if (whole.length < PUBLIC + TAG) throw new Error('a box is cut short');
  const theirs = whole.subarray(0, PUBLIC);
  const secret = diffieHellman({ privateKey, publicKey: publicFrom(theirs) });
  const { key, iv, aad } = keyOf(secret, theirs, createPublicKey(privateKey), context);
  const decipher = createDecipheriv(CIPHER, key, iv, { authTagLength: TAG }).setAAD(aad);
  decipher.setAuthTag(whole.subarray(-TAG));
  return Buffer.concat([decipher.update(whole.subarray(PUBLIC, -TAG)), decipher.final()]);
}

/** The key is of this one box, so its nonce may follow from it too. */
function keyOf(secret: Buffer, ephemeral: Buffer, to: KeyObject, context: Context) {
  const aad = Buffer.from(JSON.stringify(['countersign/sealing/v1', ...context]));
  const derived = Buffer.from(hkdfSync('sha256', secret, Buffer.concat([ephemeral, rawPublic(to)]), 'box', 44));
  return { key: derived.subarray(0, 32), iv: derived.subarray(32), aad };
}

export interface KeyPair {
  publicKey: KeyObject;
  privateKey: KeyObject;
}

export const newKeyPair = (): KeyPair => generateKeyPairSync('x25519');

export const rawPublic = (key: KeyObject): Buffer => Buffer.from(key.export({ format: 'jwk' }).x!, 'base64url');
export const rawPrivate = (key: KeyObject): Buffer => Buffer.from(key.export({ format: 'jwk' }).d!, 'base64url');

const OKP = { kty: 'OKP', crv: 'X25519' } as const;

export const publicFrom = (raw: Buffer): KeyObject =>
  createPublicKey({ key: { ...OKP, x: raw.toString('base64url') }, format: 'jwk' });

export const privateFrom = (raw: Buffer, publicRaw: Buffer): KeyObject =>
  createPrivateKey({
    key: { ...OKP, d: raw.toString('base64url'), x: publicRaw.toString('base64url') },
    format: 'jwk',
  });

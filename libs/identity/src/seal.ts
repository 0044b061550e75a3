import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { compactDecrypt, CompactEncrypt } from 'jose';

const ALG = 'ECDH-ES';
const ENC = 'A256GCM';

/** The public key tokens are sealed to: `<dir>/trusted/policy-seal.pub.pem`, X25519 or EC P-256. */
export const loadSealKey = (dir: string): KeyObject =>
  createPublicKey(readFileSync(path.join(dir, 'trusted', 'policy-seal.pub.pem'), 'utf8'));

/** The private key that opens them, policy's alone: `<dir>/seal.pem`. */
export const loadOpenKey = (dir: string): KeyObject =>
  createPrivateKey(readFileSync(path.join(dir, 'seal.pem'), 'utf8'));

/**
 * Seals a person's raw token so that only policy opens it: a compact JWE, ECDH-ES with A256GCM.
 *
 * @example
 * const sealed = await sealToken(loadSealKey(config.COUNTERSIGN_KEYS_DIR), caller.token);
 */
export function sealToken(to: KeyObject, token: string): Promise<string> {
  return new CompactEncrypt(new TextEncoder().encode(token)).setProtectedHeader({ alg: ALG, enc: ENC }).encrypt(to);
}

/** What a signed event holds of the sealed token beside it: SHA-256 of the JWE, base64url. */
export const sealedDigest = (sealed: string): string => createHash('sha256').update(sealed).digest('base64url');

/** The token inside, or undefined when it was not sealed for this key or was altered: content is hostile, nothing is thrown. */
export async function openToken(key: KeyObject, sealed: string): Promise<string | undefined> {
  try {
    const options = { keyManagementAlgorithms: [ALG], contentEncryptionAlgorithms: [ENC] };
    const { plaintext } = await compactDecrypt(sealed, key, options);
    return new TextDecoder('utf-8', { fatal: true }).decode(plaintext);
  } catch {
    return undefined;
  }
}

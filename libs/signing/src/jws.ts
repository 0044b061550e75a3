import { createPrivateKey, createPublicKey, createHash, sign, verify, type KeyObject } from 'node:crypto';

/** RFC 7638 thumbprint of an Ed25519 public key: the `kid` of everything it signs. */
export function thumbprint(key: KeyObject): string {
  const { crv, kty, x } = key.export({ format: 'jwk' });
  if (kty !== 'OKP' || crv !== 'Ed25519') throw new TypeError(`an Ed25519 key is needed, this is ${kty} ${crv ?? ''}`);
  return createHash('sha256').update(`{"crv":"${crv}","kty":"${kty}","x":"${x}"}`).digest('base64url');
}

export interface ProtectedHeader {
  alg: 'EdDSA';
  kid: string;
  [parameter: string]: string;
}

const REMEMBERED = 2_000;

const encode = (text: string) => Buffer.from(text, 'utf8').toString('base64url');

/** One service's private key. It never leaves this object. `renewed` answers a key to go on with, once there is one. */
export class Signer {
  #kid: string;
  #key: KeyObject;
  readonly #renewed: (() => KeyObject | undefined) | undefined;

  constructor(key: KeyObject, renewed?: () => KeyObject | undefined) {
    this.#key = key;
    this.#kid = thumbprint(createPublicKey(key));
    this.#renewed = renewed;
  }

  static fromPem(pem: string): Signer {
    return new Signer(createPrivateKey(pem));
  }

  /** The thumbprint of the key it signs with now. */
  get kid(): string {
    this.#renew();
    return this.#kid;
  }

  /** A compact JWS (RFC 7515) over the payload's bytes. */
  sign(payload: string, parameters: Record<string, string>): string {
    this.#renew();
    const header = encode(JSON.stringify({ alg: 'EdDSA', kid: this.#kid, ...parameters }));
    const input = `${header}.${encode(payload)}`;
    return `${input}.${sign(null, Buffer.from(input), this.#key).toString('base64url')}`;
  }

  /** An Ed25519 signature of bytes that are no JWS's: those hold nothing but base64url and two dots. */
  signBytes(bytes: Buffer): Buffer {
    this.#renew();
    return sign(null, bytes, this.#key);
  }

  /** The public half of the key it signs with now. */
  get publicKey(): KeyObject {
    this.#renew();
    return createPublicKey(this.#key);
  }

  #renew(): void {
    const key = this.#renewed?.();
    if (!key) return;
    this.#key = key;
    this.#kid = thumbprint(createPublicKey(key));
  }
}

/** Whether this key made this compact JWS: the bare check, which believes nothing the header says of itself. */
export function verifyWith(key: KeyObject, compact: string): boolean {
  const [head, body, signature, ...rest] = compact.split('.');
  if (!head || body === undefined || !signature || rest.length > 0) return false;
  return verify(null, Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'));
}

export type Verified = { ok: true; owner: string; header: ProtectedHeader; payload: string };
export type Unverified = { ok: false; because: string };

export interface TrustedKey {
  owner: string;
  key: KeyObject;
}

/**
 * The public keys one trusts, by whom they belong to. The algorithm is pinned to EdDSA and a key is found by its thumbprint
 * in this set alone: nothing a token says of itself is believed. `changed` answers all that is trusted from now on, once that is other
 * than before.
 */
export class KeyRing {
  readonly #keys = new Map<string, TrustedKey>();
  /** By the whole text of a JWS, the least lately asked for first. Nothing is kept of what does not verify. */
  readonly #verified = new Map<string, Verified>();
  readonly #changed: (() => TrustedKey[] | undefined) | undefined;
  #generation = 0;

  constructor(changed?: () => TrustedKey[] | undefined) {
    this.#changed = changed;
  }

  add(owner: string, pem: string): this {
    this.#trust({ owner, key: createPublicKey(pem) });
    this.#begin();
    return this;
  }

  /** Another number once a key came or went: what was verified before has to be verified again. */
  get generation(): number {
    this.#follow();
    return this.#generation;
  }

  /** The keys of one owner that are trusted now. */
  keysOf(owner: string): KeyObject[] {
    this.#follow();
    return [...this.#keys.values()].filter((trusted) => trusted.owner === owner).map(({ key }) => key);
  }

  /** As `verify`, but remembers: many records carry the same JWS, and Ed25519 is what costs. */
  verifyOnce(compact: string): Verified | Unverified {
    this.#follow();
    const known = this.#verified.get(compact);
    const verified = known ?? this.verify(compact);
    if (!verified.ok) return verified;
    this.#verified.delete(compact);
    this.#verified.set(compact, verified);
    if (this.#verified.size > REMEMBERED) this.#verified.delete(this.#verified.keys().next().value!);
    return verified;
  }

  /** Verifies a compact JWS. Answers why not instead of throwing: content is hostile. */
  verify(compact: string): Verified | Unverified {
    this.#follow();
    const parts = compact.split('.');
    const [head, body, signature] = parts;
    if (parts.length !== 3 || !head || !body || !signature) return { ok: false, because: 'not a compact JWS' };
    const header = parseHeader(head);
    if (!header) return { ok: false, because: 'the protected header is not one of ours' };
    const known = this.#keys.get(header.kid);
    if (!known) return { ok: false, because: `no trusted key ${header.kid.slice(0, 60)}` };
    if (!verifyWith(known.key, compact)) return { ok: false, because: 'the signature does not match' };
    return { ok: true, owner: known.owner, header, payload: Buffer.from(body, 'base64url').toString('utf8') };
  }

  #follow(): void {
    const keys = this.#changed?.();
    if (!keys) return;
    this.#keys.clear();
    for (const key of keys) this.#trust(key);
    this.#begin();
  }

  #trust(trusted: TrustedKey): void {
    this.#keys.set(thumbprint(trusted.key), trusted);
  }

  #begin(): void {
    this.#generation++;
    this.#verified.clear();
  }
}

function parseHeader(encoded: string): ProtectedHeader | undefined {
  try {
    const header: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'));
    if (typeof header !== 'object' || header === null) return undefined;
    const values = Object.values(header);
    const { alg, kid } = header as Record<string, unknown>;
    if (alg !== 'EdDSA' || typeof kid !== 'string' || values.some((value) => typeof value !== 'string'))
      return undefined;
    return header as ProtectedHeader;
  } catch {
    return undefined;
  }
}

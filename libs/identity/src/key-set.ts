import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';

/** Keys older than this are refreshed behind what is being verified; past the second limit they are not used. */
const FRESH_MS = 10 * 60_000;
const USABLE_MS = 24 * 3_600_000;
const TIMEOUT_MS = 5_000;
const MAX_BYTES = 1 << 20;

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });
const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string().optional() })).max(200) });

export interface Keys {
  resolve: JWTVerifyGetKey;
  /** When they were fetched, by this machine's clock. */
  at: number;
}

/** The provider's public keys: found by discovery, fetched ahead, fetched again at most once in `cooldownMs`. */
export class ProviderKeys {
  #keys: Keys | undefined;
  #text = '';
  #inFlight: Promise<boolean> | undefined;
  #lastTry = -Infinity;
  #because = 'its keys were not fetched yet';

  constructor(
    private readonly issuer: string,
    private readonly now: () => number,
    private readonly cooldownMs: number,
    private readonly onChange: () => void,
  ) {}

  /** Why there is nothing newer: the last failure, in words. */
  get because(): string {
    return this.#because;
  }

  current(): Keys | undefined {
    const keys = this.#keys;
    if (!keys) return undefined;
    const age = this.now() - keys.at;
    if (age > FRESH_MS) void this.refresh();
    return age > USABLE_MS ? undefined : keys;
  }

  /** Fetches them; false when the provider did not answer or was asked just now. Never rejects. */
  refresh(): Promise<boolean> {
    if (this.#inFlight) return this.#inFlight;
    if (this.now() - this.#lastTry < this.cooldownMs) return Promise.resolve(false);
    this.#lastTry = this.now();
    this.#inFlight = this.#fetch().finally(() => (this.#inFlight = undefined));
    return this.#inFlight;
  }

  async #fetch(): Promise<boolean> {
    const at = this.now();
    try {
      const found = discovery.parse(
        await getJson(`${this.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`),
      );
      if (found.issuer !== this.issuer) throw new Error(`it calls itself ${found.issuer.slice(0, 200)}`);
      const set = keySet.parse(await getJson(found.jwks_uri));
      const text = JSON.stringify(set);
      this.#keys = { resolve: createLocalJWKSet(set as JSONWebKeySet), at };
      // A key that was taken out must not live on in remembered verdicts.
      if (text !== this.#text) this.onChange();
      this.#text = text;
      return true;
    } catch (error) {
      this.#because = error instanceof Error ? error.message.slice(0, 300) : 'unknown failure';
      return false;
    }
  }
}

async function getJson(url: string): Promise<unknown> {
  const { protocol, hostname } = new URL(url);
  const loopback = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
  if (protocol !== 'https:' && !loopback) throw new Error(`${hostname} must be asked over https`);
  const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${hostname} answered ${answer.status}`);
  if (text.length > MAX_BYTES) throw new Error(`${hostname} answered more than 1 MiB`);
  return JSON.parse(text);
}

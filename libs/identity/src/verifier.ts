/*
 * What the verifier guarantees:
 * 1. Only a signature by a key of the configured issuer, of an asymmetric algorithm, for the configured audience, counts.
 * 2. Expiry and not-before are judged against the instant it is given (the broker's append time), never against the clock of
 *    whoever asks late. A remembered token is judged anew each time.
 * 3. A provider that cannot be reached means `wait`. A key id nobody knows is refused only when the keys were fetched after the
 *    token was handed in, so that a fresh key is never mistaken for a forged one; fetches are rate-limited.
 * 4. A key the provider took out is forgotten together with every verdict that rested on it.
 * 5. A token without a person (a service's own) is refused.
 * 6. A token that itself names another issuer is refused by the keys at hand: none is asked for on its account.
 */
import { createHash } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import type { Person } from '@countersign/contracts';
import { ProviderKeys, type Keys } from './key-set.js';
import { personOf, type ClaimNames } from './person.js';
import { Remembered } from './remembered.js';

export interface VerifierOptions extends ClaimNames {
  issuer: string;
  audience: string;
  /** Seconds that clocks may differ; default 5. */
  toleranceSeconds?: number;
  /** Between two fetches of the provider's keys; default 1,000 ms. */
  cooldownMs?: number;
  /** The machine's clock, for the age of the keys alone. */
  clock?: () => number;
}

/** `wait`: the provider cannot be asked right now; ask again. `unknownKey`: its other keys are known, so others need not wait. */
export type Verdict =
  | { ok: true; wait?: undefined; person: Person; expiresAt: number }
  | { ok: false; wait?: undefined; code: 'UNAUTHENTICATED'; because: string }
  | { ok: false; wait: true; unknownKey?: true; because: string };

export interface Verifier {
  /**
   * Judges a raw token at `instant` (ms since 1970). Never rejects. Without `patience` nothing is waited for where the provider's
   * keys are known: a key that is not among them is asked for meanwhile.
   */
  verify(token: string | undefined, instant: number, how?: { patience: boolean }): Promise<Verdict>;
  /** Fetches the keys ahead. False when the provider does not answer yet. */
  warm(): Promise<boolean>;
}

const ALGORITHMS = [
  'EdDSA',
  'Ed25519',
  'ES256',
  'ES384',
  'ES512',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
];
const MAX_TOKEN = 8_192;
const REMEMBERED = 5_000;
/** How far the broker's clock may run ahead of ours when the age of the keys is compared with it. */
const SKEW_MS = 5_000;

interface Seen {
  person: Person;
  expiresAt: number;
  notBefore: number;
}

const refused = (because: string): Verdict => ({ ok: false, code: 'UNAUTHENTICATED', because });
const waiting = (because: string) => ({ ok: false, wait: true, because: `the identity provider: ${because}` }) as const;

/**
 * A verifier of end users' access tokens (JWTs of one OIDC provider).
 *
 * @example
 * const verifier = createVerifier({ issuer, audience: 'countersign', tenantClaim: 'tenant', rolesClaim: 'roles' });
 * const verdict = await verifier.verify(bearerOf(headers.authorization), record.timestamp);
 */
export function createVerifier(options: VerifierOptions): Verifier {
  const clock = options.clock ?? Date.now;
  const tolerance = options.toleranceSeconds ?? 5;
  const seen = new Remembered<Seen>(REMEMBERED);
  const keys = new ProviderKeys(options.issuer, clock, options.cooldownMs ?? 1_000, () => seen.clear());

  function inTime(entry: Seen, instant: number): Verdict {
    if (instant >= entry.expiresAt + tolerance * 1000) return refused('the token has expired');
    if (instant < entry.notBefore - tolerance * 1000) return refused('the token is not valid yet');
    return { ok: true, person: entry.person, expiresAt: entry.expiresAt };
  }

  async function judge(token: string, instant: number, patience: boolean): Promise<Verdict> {
    if (!readable(token)) return refused('it is not a signed JWT of an asymmetric algorithm');
    const started = clock();
    if (!keys.current()) await keys.refresh();
    const known = keys.current();
    if (!known) return waiting(keys.because);
    if (issuerOf(token) !== options.issuer) return refused('another issuer made it');
    const first = await check(token, instant, known);
    if (first !== 'unknown key') return first;
    const isNews = ({ at }: Keys) => at >= started || at >= instant + SKEW_MS;
    const asked = isNews(known) ? undefined : keys.refresh();
    if (patience) await asked;
    const newest = keys.current() ?? known;
    if (!isNews(newest))
      return { ...waiting('a key it may have made since cannot be asked for yet'), unknownKey: true };
    const again = await check(token, instant, newest);
    return again === 'unknown key' ? refused('no key of the issuer made it') : again;
  }

  async function check(token: string, instant: number, { resolve }: Keys): Promise<Verdict | 'unknown key'> {
    try {
      const { payload } = await jwtVerify(token, resolve, {
        issuer: options.issuer,
        audience: options.audience,
        algorithms: ALGORITHMS,
        requiredClaims: ['exp', 'sub'],
        clockTolerance: tolerance,
        currentDate: new Date(instant),
      });
      const found = personOf(payload, options);
      if ('because' in found) return refused(found.because);
      const entry = { person: found.person, expiresAt: payload.exp! * 1000, notBefore: (payload.nbf ?? 0) * 1000 };
      seen.set(fingerprint(token), entry);
      return inTime(entry, instant);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return 'unknown key';
      return refused(error instanceof errors.JOSEError ? `it does not verify (${error.code})` : 'it does not verify');
    }
  }

  return {
    async verify(token, instant, { patience } = { patience: true }) {
      if (!token) return refused('there is no bearer token');
      if (token.length > MAX_TOKEN) return refused('the token is over 8 KiB');
      const entry = seen.get(fingerprint(token));
      return entry ? inTime(entry, instant) : judge(token, instant, patience);
    },
    warm: () => keys.refresh(),
  };
}

/** The token of an `Authorization: Bearer …` header. */
export function bearerOf(header: string | undefined): string | undefined {
  return /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(header ?? '')?.[1];
}

const fingerprint = (token: string) => createHash('sha256').update(token).digest('base64');

/** As the token says; nothing vouches for it yet. */
function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

function readable(token: string): boolean {
  try {
    const { alg } = decodeProtectedHeader(token);
    return alg !== undefined && ALGORITHMS.includes(alg) && token.split('.').length === 3;
  } catch {
    return false;
  }
}

import { createHash, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { Verifier } from '@countersign/identity';
import type { Person } from '@countersign/contracts';
import { MAX_VALUE, readCookie, writeCookie, type CookieScope } from './cookies.js';
import type { Begun, SignInProvider, Tokens } from './provider.js';
import { seal, unseal } from './seal.js';

const sessionSchema = z.strictObject({
  token: z.string(),
  /** Of the token, in ms since 1970. */
  expiresAt: z.number(),
  refreshToken: z.string().optional(),
  /** After it a person signs in again, whatever the provider would renew. */
  until: z.number(),
  csrf: z.string(),
});
export type Session = z.infer<typeof sessionSchema>;

const beganSchema = z.strictObject({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  returnTo: z.string(),
});
export type Began = z.infer<typeof beganSchema>;

const SIGN_IN_MS = 10 * 60_000;
const WORKDAY_MS = 12 * 3_600_000;
/** A token is renewed this long before it expires: the gateway takes none in that is about to. */
const AHEAD_MS = 90_000;
/** What a renewal gave is kept for those who ask with the same cookie meanwhile: a refresh token may be good for once. */
const RENEWED_MS = 60_000;

/** Why nobody was signed in. */
export type NotSignedIn = 'no-person' | 'unreachable' | 'too-large';

interface Options {
  key: Uint8Array;
  verifier: Verifier;
  provider: SignInProvider;
  now?: () => number;
}

/** Sessions of browsers, sealed into their cookies: any instance with the same key opens them, and none keeps them. */
export class Sessions {
  private readonly now: () => number;
  private readonly renewals = new Map<string, { at: number; tokens: Promise<Tokens> }>();

  constructor(private readonly options: Options) {
    this.now = options.now ?? Date.now;
  }

  /** Names say the port where cookies are shared by all ports of a machine. */
  static scope(kind: 'session' | 'sign-in', origin: string): CookieScope {
    const { protocol, port } = new URL(origin);
    const secure = protocol === 'https:';
    const name = `countersign-${kind}`;
    const isSession = kind === 'session';
    const path = isSession ? '/' : '/auth';
    if (!secure) return { name: `${name}-${port || '80'}`, path, secure };
    return { name: `${isSession ? '__Host-' : '__Secure-'}${name}`, path, secure };
  }

  async began(begun: Begun, returnTo: string, origin: string): Promise<string[]> {
    const sealed = await seal(this.options.key, 'sign-in', { ...begun, returnTo }, this.now() + SIGN_IN_MS);
    return writeCookie(Sessions.scope('sign-in', origin), sealed, SIGN_IN_MS / 1000);
  }

  async beginningOf(headers: IncomingHttpHeaders, origin: string): Promise<Began | undefined> {
    return beganSchema.safeParse(await this.opened('sign-in', headers, origin)).data;
  }

  /** A session for whom the token speaks for. */
  async open(
    tokens: Tokens,
    origin: string,
  ): Promise<{ cookies: string[] } | { because: NotSignedIn; detail: string }> {
    const now = this.now();
    const verdict = await this.options.verifier.verify(tokens.accessToken, now);
    if (!verdict.ok) return { because: verdict.wait ? 'unreachable' : 'no-person', detail: verdict.because };
    const session = sessionOf(tokens, verdict.expiresAt, now + WORKDAY_MS, randomBytes(24).toString('base64url'));
    const cookies = await this.cookiesOf(session, origin);
    return cookies ? { cookies } : { because: 'too-large', detail: 'the token does not fit into cookies' };
  }

  /** The session of who asks, if it is good; `cookies` when it was renewed on the way. */
  async of(
    headers: IncomingHttpHeaders,
    origin: string,
  ): Promise<{ session: Session; cookies?: string[] } | undefined> {
    const session = sessionSchema.safeParse(await this.opened('session', headers, origin)).data;
    if (!session) return undefined;
    if (session.expiresAt - this.now() > AHEAD_MS) return { session };
    const renewed = session.refreshToken ? await this.renew(session, session.refreshToken) : undefined;
    if (renewed) return { session: renewed, cookies: await this.cookiesOf(renewed, origin) };
    return session.expiresAt > this.now() ? { session } : undefined;
  }

  async personOf({ token }: Session): Promise<Person | undefined> {
    const verdict = await this.options.verifier.verify(token, this.now());
    return verdict.ok ? verdict.person : undefined;
  }

  /** The cookies that say: nobody. */
  static end(kind: 'session' | 'sign-in', origin: string): string[] {
    return writeCookie(Sessions.scope(kind, origin), undefined, 0);
  }

  private opened(kind: 'session' | 'sign-in', { cookie }: IncomingHttpHeaders, origin: string): Promise<unknown> {
    const sealed = readCookie(cookie, Sessions.scope(kind, origin).name);
    return unseal(this.options.key, kind, sealed, this.now());
  }

  /** Without the refresh token where both do not fit. Undefined: the token alone does not. */
  private async cookiesOf(session: Session, origin: string): Promise<string[] | undefined> {
    const { refreshToken: _, ...bare } = session;
    for (const each of [session, bare]) {
      const ends = lastsUntil(each);
      const sealed = await seal(this.options.key, 'session', each, ends);
      const seconds = Math.max(0, Math.floor((ends - this.now()) / 1000));
      if (sealed.length <= MAX_VALUE) return writeCookie(Sessions.scope('session', origin), sealed, seconds);
    }
    return undefined;
  }

  /** Undefined: the provider renews it no more, or does not answer. */
  private async renew(session: Session, refreshToken: string): Promise<Session | undefined> {
    const tokens = await this.renewedOnce(refreshToken).catch(() => undefined);
    const verdict = tokens && (await this.options.verifier.verify(tokens.accessToken, this.now()));
    return verdict?.ok ? sessionOf(tokens!, verdict.expiresAt, session.until, session.csrf) : undefined;
  }

  private renewedOnce(refreshToken: string): Promise<Tokens> {
    const now = this.now();
    for (const [digest, { at }] of this.renewals) if (now - at > RENEWED_MS) this.renewals.delete(digest);
    const digest = createHash('sha256').update(refreshToken).digest('base64');
    const known = this.renewals.get(digest);
    if (known) return known.tokens;
    const tokens = this.options.provider.refresh(refreshToken);
    this.renewals.set(digest, { at: now, tokens });
    return tokens;
  }
}

const sessionOf = ({ accessToken, refreshToken }: Tokens, expiresAt: number, until: number, csrf: string): Session => ({
  token: accessToken,
  expiresAt: Math.min(expiresAt, until),
  ...(refreshToken ? { refreshToken } : {}),
  until,
  csrf,
});

/** With the token, or for as long as it may be renewed. */
export const lastsUntil = ({ refreshToken, expiresAt, until }: Session): number => (refreshToken ? until : expiresAt);

/*
 * The console's session (docs/console-login.md). What is guaranteed:
 *
 *  1  The access token is in the sealed cookie and nowhere else: no script, body, URL or log has it, and nobody upstream sees the cookie.
 *  2  A cookie vouches for `/v1` alone, and only where the request brings no `authorization` of its own.
 *  3  What changes something by cookie comes from the console's own page, with the session's CSRF token; what looks, from no other site.
 *  4  Only who began a sign-in ends it: state, nonce and PKCE verifier lie sealed in the browser that began.
 *  5  Nobody is sent anywhere but to a path of this origin, or to the identity provider.
 *  6  Only a person gets a session: the token is verified as everywhere. It ends with the token, or is renewed, for 12 hours at most.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { problem, type Person, type Problem } from '@countersign/contracts';
import type { Logger } from 'pino';
import type { z } from 'zod';
import type { sessionAnswer, signedOut } from './answers.js';
import { crossSiteFlaw } from './cross-site.js';
import { originOf, safeReturn } from './origin.js';
import type { SignInProvider } from './provider.js';
import { lastsUntil, Sessions, type NotSignedIn, type Session } from './sessions.js';

export interface SessionRoutes {
  sessions: Sessions;
  provider: SignInProvider;
  /** Where browsers find the gateway; without it, it is this machine alone. */
  publicUrl: string | undefined;
  logger: Pick<Logger, 'warn'>;
}

const send = (reply: FastifyReply, body: Problem) =>
  reply.status(body.status).header('content-type', 'application/problem+json').send(body);

const refused = (flaw: string): Problem =>
  problem('PERMISSION_DENIED', `the session's cookie does not vouch for this request: ${flaw}`, {
    nextStep: 'Ask from the console itself, or with a bearer token and without the cookie.',
  });

export function registerSession(instance: FastifyInstance, routes: SessionRoutes): void {
  instance.addHook('onRequest', (request, reply) => vouch(request, reply, routes));
  instance.get('/auth/login', (request, reply) => login(request, reply, routes));
  instance.get('/auth/callback', (request, reply) => callback(request, reply, routes));
  instance.get('/auth/session', (request, reply) => session(request, reply, routes));
  instance.post('/auth/logout', (request, reply) => logout(request, reply, routes));
}

/** Puts the token of the session in the place of the cookie; what comes after sees a caller like any other. */
async function vouch(request: FastifyRequest, reply: FastifyReply, { sessions, publicUrl }: SessionRoutes) {
  const route = request.routeOptions.url ?? '';
  if (route.startsWith('/auth/')) return undefined;
  const { headers } = request.raw;
  const origin = originOf(publicUrl, headers);
  const byCookie = route.startsWith('/v1/') && headers.authorization === undefined && headers.cookie !== undefined;
  const found = byCookie && origin ? await sessions.of(headers, origin) : undefined;
  const flaw = found && crossSiteFlaw(request.method, headers, { csrf: found.session.csrf, origin: origin! });
  delete headers.cookie;
  delete headers['x-csrf-token'];
  if (flaw) return send(reply, refused(flaw));
  if (found) headers.authorization = `Bearer ${found.session.token}`;
  if (found?.cookies) void reply.header('set-cookie', found.cookies);
  return undefined;
}

async function login(request: FastifyRequest, reply: FastifyReply, { sessions, provider, ...routes }: SessionRoutes) {
  const origin = originOf(routes.publicUrl, request.raw.headers);
  if (!origin) return send(reply, NOT_PUBLIC);
  const { returnTo } = request.query as { returnTo?: unknown };
  try {
    const { url, begun } = await provider.begin(`${origin}/auth/callback`);
    const cookies = await sessions.began(begun, safeReturn(returnTo), origin);
    return reply.header('set-cookie', cookies).redirect(url, 302);
  } catch (error) {
    return failed(reply, routes, 'unreachable', error);
  }
}

const NOT_PUBLIC = problem('PERMISSION_DENIED', 'nobody can sign in under this name of the gateway', {
  nextStep: 'Set PUBLIC_URL to the origin that browsers use, or use a loopback address.',
});

async function callback(
  request: FastifyRequest,
  reply: FastifyReply,
  { sessions, provider, ...routes }: SessionRoutes,
) {
  const origin = originOf(routes.publicUrl, request.raw.headers);
  if (!origin) return send(reply, NOT_PUBLIC);
  void reply.header('set-cookie', Sessions.end('sign-in', origin));
  const began = await sessions.beginningOf(request.raw.headers, origin);
  if (!began) return failed(reply, routes, 'expired');
  try {
    const tokens = await provider.finish(new URL(request.url, origin), began);
    const opened = await sessions.open(tokens, origin);
    if ('because' in opened) return failed(reply, routes, opened.because, opened.detail);
    return reply.header('set-cookie', opened.cookies).redirect(began.returnTo, 302);
  } catch (error) {
    return failed(reply, routes, 'failed', error);
  }
}

/** Back to the page, which says it in words; what exactly it was is for the log. */
function failed(
  reply: FastifyReply,
  { logger }: Pick<SessionRoutes, 'logger'>,
  because: NotSignedIn | 'failed' | 'expired',
  cause?: unknown,
) {
  const detail = cause instanceof Error ? `${cause.name}: ${cause.message}` : cause;
  logger.warn({ because, detail }, 'nobody was signed in');
  return reply.redirect(`/?signIn=${because}`, 302);
}

async function session(request: FastifyRequest, reply: FastifyReply, { sessions, publicUrl }: SessionRoutes) {
  const { headers } = request.raw;
  const origin = originOf(publicUrl, headers);
  const found = origin ? await sessions.of(headers, origin) : undefined;
  const person = found && (await sessions.personOf(found.session));
  if (!found || !person) return send(reply, problem('UNAUTHENTICATED', 'nobody is signed in'));
  const flaw = crossSiteFlaw('GET', headers, { csrf: found.session.csrf, origin: origin! });
  if (flaw) return send(reply, refused(flaw));
  if (found.cookies) void reply.header('set-cookie', found.cookies);
  return reply.send(shown(found.session, person));
}

const shown = (session: Session, { sub, tenant, roles }: Person): z.infer<typeof sessionAnswer> => ({
  person: { sub, tenant, roles },
  csrfToken: session.csrf,
  expiresAt: new Date(lastsUntil(session)).toISOString(),
});

async function logout(request: FastifyRequest, reply: FastifyReply, { sessions, provider, publicUrl }: SessionRoutes) {
  const { headers } = request.raw;
  const origin = originOf(publicUrl, headers);
  if (!origin) return send(reply, NOT_PUBLIC);
  const found = await sessions.of(headers, origin);
  const flaw = found && crossSiteFlaw(request.method, headers, { csrf: found.session.csrf, origin });
  if (flaw) return send(reply, refused(flaw));
  const answer: z.infer<typeof signedOut> = { next: (await provider.signOutUrl(`${origin}/`)) ?? '/' };
  return reply.header('set-cookie', Sessions.end('session', origin)).send(answer);
}

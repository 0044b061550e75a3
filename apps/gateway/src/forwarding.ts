import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import replyFrom from '@fastify/reply-from';
import { problem, type Problem } from '@countersign/contracts';
import { currentTraceparent } from '@countersign/messaging';
import type { Upstream } from './config.js';
import { routerPath, ROUTES, type Route } from './routes.js';

const UPSTREAM_TIMEOUT_MS = 30_000;

const send = (reply: FastifyReply, body: Problem) =>
  reply.status(body.status).header('content-type', 'application/problem+json').send(body);

/** Routes other services answer go to them unchanged: each verifies the caller's token itself. */
export async function registerForwarding(
  instance: FastifyInstance,
  upstreams: Record<Upstream, string>,
): Promise<void> {
  await instance.register(replyFrom, {
    undici: { connections: 64, headersTimeout: UPSTREAM_TIMEOUT_MS, bodyTimeout: UPSTREAM_TIMEOUT_MS },
    maxRetriesOn503: 0,
  });
  for (const route of ROUTES) {
    if (isAccess(route.path)) await registerUnread(instance, route, upstreams.policy);
    else if (route.by !== 'gateway') registerForward(instance, route, upstreams[route.by]);
  }
}

const isAccess = (path: string) => path.startsWith('/access/');

/** Whatever its body is, policy says what is wrong with it, and in AuthZEN's way. */
async function registerUnread(instance: FastifyInstance, route: Route, upstream: string): Promise<void> {
  await instance.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    registerForward(scope, route, upstream);
  });
}

function registerForward(instance: FastifyInstance, { method, path }: Route, upstream: string): void {
  instance.route({
    method,
    url: routerPath(path),
    handler: (request, reply) =>
      reply.from(new URL(request.url, upstream).href, {
        rewriteRequestHeaders: (_request, headers) => ({ ...headers, ...inThisTrace() }),
        onError: (answer, { error }) => {
          instance.log.warn({ err: error }, 'a service did not answer');
          send(
            answer as FastifyReply,
            problem('UPSTREAM_FAILED', 'the service that answers this is not there', {
              status: 503,
              nextStep: 'Try again in a moment.',
            }),
          );
        },
      }),
  });
}

function inThisTrace(): { traceparent?: string } {
  const traceparent = currentTraceparent();
  return traceparent === undefined ? {} : { traceparent };
}

export const HEADERS: Record<string, string> = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-frame-options': 'DENY',
};

/** On every answer, errors too: what a browser may not do with it, no caching of a person's data, and the request's id. */
export function registerHeaders(instance: FastifyInstance): void {
  instance.addHook('onSend', (request, reply, _payload, done) => {
    for (const [name, value] of Object.entries(HEADERS)) if (!reply.hasHeader(name)) reply.header(name, value);
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
    reply.header('x-request-id', echoedId(request) ?? request.id);
    done();
  });
}

const REQUEST_ID = /^[\x21-\x7e]{1,200}$/;

/** AuthZEN's callers are told the id they gave; elsewhere an id is the gateway's own. */
function echoedId({ url, headers }: FastifyRequest): string | undefined {
  const given = headers['x-request-id'];
  return isAccess(url) && typeof given === 'string' && REQUEST_ID.test(given) ? given : undefined;
}

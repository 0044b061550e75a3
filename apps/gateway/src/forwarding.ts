import type { FastifyInstance, FastifyReply } from 'fastify';
import replyFrom from '@fastify/reply-from';
import { problem, type Problem } from '@countersign/contracts';
import { currentTraceparent } from '@countersign/messaging';
import type { Upstream } from './config.js';
import { routerPath, ROUTES, type Route } from './routes.js';

const UPSTREAM_TIMEOUT_MS = 30_000;

const send = (reply: FastifyReply, body: Problem) =>
  reply.status(body.status).header('content-type', 'application/problem+json').send(body);

/**
 * Routes other services answer go to them unchanged: each verifies the caller's token itself. Those that are not built yet
 * answer 501.
 */
export async function registerForwarding(
  instance: FastifyInstance,
  upstreams: Record<Upstream, string>,
): Promise<void> {
  await instance.register(replyFrom, {
    undici: { connections: 64, headersTimeout: UPSTREAM_TIMEOUT_MS, bodyTimeout: UPSTREAM_TIMEOUT_MS },
    maxRetriesOn503: 0,
  });
  for (const route of ROUTES) {
    if (route.by === 'not-built') registerNotBuilt(instance, route);
    else if (route.by !== 'gateway') registerForward(instance, route, upstreams[route.by]);
  }
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

function registerNotBuilt(instance: FastifyInstance, { method, path, summary }: Route): void {
  instance.route({
    method,
    url: routerPath(path),
    // Before the body is read: whatever it is, there is nothing to say about it.
    onRequest: (_request, reply) => void send(reply, problem('NOT_BUILT', `${summary}: not built yet`)),
    handler: (_request, reply) => reply,
  });
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
    reply.header('x-request-id', request.id);
    done();
  });
}

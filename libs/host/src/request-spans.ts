import { inSpan, inTrace, isTracing, openSpan, SPAN, type OpenSpan } from '@countersign/messaging';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** What people and their programs ask for; probes are nobody's trace. */
const ASKED_FOR = /^\/(v1|access|mcp)(\/|$)/;

/**
 * Each request in a span of its own, in the trace that its `traceparent` names: what it publishes goes on from there. Of its URL the route is
 * told alone, since paths and queries name people. Without an SDK the request's own `traceparent` goes on.
 */
export function traceRequests(instance: FastifyInstance): void {
  const spans = new WeakMap<FastifyRequest, OpenSpan>();
  instance.addHook('onRequest', (request, _reply, done) => {
    const route = request.routeOptions.url;
    const span = isTracing() && route && ASKED_FOR.test(route) ? requestSpan(request, route) : undefined;
    if (span) spans.set(request, span);
    done();
  });
  // Once the body is read: what is called back by the socket has lost its place.
  instance.addHook('preHandler', (request, _reply, done) => {
    const span = spans.get(request);
    if (span) inSpan(span, done);
    else inTrace(traceparentOf(request), done);
  });
  instance.addHook('onResponse', (request, { statusCode }, done) => {
    const span = spans.get(request);
    span?.set({ [SPAN.status]: statusCode });
    if (statusCode >= 500) span?.fail(String(statusCode));
    span?.end();
    done();
  });
}

function requestSpan(request: FastifyRequest, route: string): OpenSpan | undefined {
  const { method } = request;
  const attributes = { [SPAN.method]: method, [SPAN.route]: route };
  return openSpan({ name: `${method} ${route}`, kind: 'server', attributes }, traceparentOf(request));
}

function traceparentOf({ headers }: FastifyRequest): string | undefined {
  const { traceparent } = headers;
  return typeof traceparent === 'string' ? traceparent : undefined;
}

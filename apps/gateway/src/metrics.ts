import type { FastifyInstance } from 'fastify';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export const registry = new Registry();

export const untrusted = new Counter({
  name: 'countersign_untrusted_records_total',
  help: 'Records on topics of signed events that were not what they say they are, by type; counted when somebody asks',
  labelNames: ['type'],
  registers: [registry],
});
export const streams = new Gauge({
  name: 'countersign_streams_open',
  help: 'Who listens to what changes (`GET /v1/stream`)',
  registers: [registry],
});
const requests = new Histogram({
  name: 'countersign_http_request_seconds',
  help: 'Requests answered, by method, route as the surface names it, and status',
  labelNames: ['method', 'route', 'status'],
  buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 5, 30],
  registers: [registry],
});

/** Counts what was answered. A route is the surface's own path, never what a stranger wrote into it. */
export function registerRequests(instance: FastifyInstance): void {
  instance.addHook('onResponse', ({ method, routeOptions }, reply, done) => {
    const labels = { method, route: routeOptions.url ?? 'none', status: String(reply.statusCode) };
    requests.observe(labels, reply.elapsedTime / 1000);
    done();
  });
}

import { expect, it } from '@jest/globals';
import fastify from 'fastify';
import { registerRequests, registry } from './metrics.js';

it('counts requests by the route they met, whatever stands in their path', async () => {
  const server = fastify();
  registerRequests(server);
  server.get('/v1/intents/:id', () => 'ok');
  for (const url of ['/v1/intents/a', '/v1/intents/b?wait=1', '/%22%7D-made-up']) await server.inject({ url });
  const text = await registry.metrics();
  expect(text.match(/^countersign_http_request_seconds_count.*$/gm)).toEqual([
    'countersign_http_request_seconds_count{method="GET",route="/v1/intents/:id",status="200"} 2',
    'countersign_http_request_seconds_count{method="GET",route="none",status="404"} 1',
  ]);
});

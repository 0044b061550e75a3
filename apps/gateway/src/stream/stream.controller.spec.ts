import { expect, it } from '@jest/globals';
import fastify from 'fastify';
import { openStream } from './stream.controller.js';

it('brings the cookies of a session that was renewed on the way, and the headers of every answer', async () => {
  const server = fastify();
  server.addHook('onRequest', (_request, reply, done) => {
    void reply.header('set-cookie', ['a=1', 'b=2']);
    done();
  });
  server.get('/', (request, reply) => void openStream(request, reply).end('said'));
  const { headers, body } = await server.inject('/');
  expect(body).toBe('said');
  expect(headers).toMatchObject({
    'set-cookie': ['a=1', 'b=2'],
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': expect.any(String),
  });
});

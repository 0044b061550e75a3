import { setTimeout as delay } from 'node:timers/promises';
import Fastify, { LogController, type FastifyInstance, type FastifyReply } from 'fastify';
import { z } from 'zod';
import { answer } from './answer.js';
import { Scripts, scriptSchema, type ScriptEntry } from './scripts.js';
import { chatRequest, completion, wireError, type ChatRequest, type Said } from './wire.js';

const ABOUT = {
  name: 'Countersign stand-in model',
  warning:
    'No language model: a deterministic program that speaks the OpenAI chat-completions wire, for demos and tests.',
  speaks: ['POST /v1/chat/completions', 'GET /v1/models', 'GET /scripts', 'PUT /scripts/{name}'],
};
const CLOSING: Said = { content: 'The script ends here.', calls: [] };
const THINGS_MODELS_DO = {
  object: 'list',
  data: [{ id: 'stand-in', object: 'model', created: 0, owned_by: 'countersign' }],
};

export function buildServer(logLevel: string): FastifyInstance {
  const app = Fastify({
    logger: { level: logLevel, name: 'stand-in-model' },
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 8 * 1024 * 1024,
  });
  const scripts = new Scripts();
  app.get('/', () => ABOUT);
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', () => ({ status: 'ready' }));
  app.get('/v1/models', () => THINGS_MODELS_DO);
  app.get('/scripts', () => ({ scripts: scripts.names() }));
  app.put<{ Params: { name: string } }>('/scripts/:name', (request, reply) => {
    const parsed = scriptSchema.safeParse(request.body);
    if (!parsed.success) return reply.code(422).send(wireError(z.prettifyError(parsed.error), 'invalid_script'));
    scripts.put(request.params.name, parsed.data);
    return { name: request.params.name, entries: parsed.data.length };
  });
  app.post('/v1/chat/completions', async (request, reply) => {
    const parsed = chatRequest.safeParse(request.body);
    if (!parsed.success) return reply.code(400).send(wireError(z.prettifyError(parsed.error), 'invalid_request'));
    return complete(parsed.data, scripts, reply);
  });
  return app;
}

async function complete(request: ChatRequest, scripts: Scripts, reply: FastifyReply): Promise<unknown> {
  const entry = scripts.entryFor(request.messages);
  if (entry === undefined) return completion(request, answer(request), Date.now());
  if (entry === 'unknown')
    return reply.code(400).send(wireError('The script is not known; PUT /scripts/{name} first.', 'unknown_script'));
  if (entry === 'past') return completion(request, CLOSING, Date.now());
  if (entry.delayMs) await delay(entry.delayMs);
  if (entry.headers) reply.headers(entry.headers);
  if (entry.raw !== undefined)
    return reply
      .code(entry.status ?? 200)
      .type('application/json')
      .send(entry.raw);
  if (entry.status)
    return reply
      .code(entry.status)
      .send(wireError('A script ordered this.', entry.status === 429 ? 'rate_limit_exceeded' : 'scripted'));
  return completion(request, said(entry), Date.now());
}

function said({ content, tool_calls }: ScriptEntry): Said {
  if (content == null && tool_calls == null) return CLOSING;
  const calls = (tool_calls ?? []).map((call) => ({ ...(call.id ? { id: call.id } : {}), ...call.function }));
  return { content: content ?? null, calls };
}

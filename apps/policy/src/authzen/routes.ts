import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { parseStrictJson, Poison, problem, type Problem } from '@countersign/contracts';
import { authenticate, type Verifier } from '@countersign/identity';
import type { Logger } from 'pino';
import { ControlUnknown } from '../control-reader.js';
import type { Asking, Evaluator } from './evaluator.js';
import { readBatch, readQuestion } from './question.js';

export interface AccessRoutes {
  evaluator: Evaluator;
  verifier: Verifier;
  logger: Logger;
}

/** A request nobody can answer. */
class Unanswerable extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
    this.name = 'Unanswerable';
  }
}

const misfit = (detail: string) => new Unanswerable(problem('INVALID_ARGUMENTS', detail, { status: 400 }));
const REQUEST_ID = /^[\x21-\x7e]{1,200}$/;

/**
 * OpenID AuthZEN's evaluation and evaluations. Beside Nest, in a scope of their own: AuthZEN wants 400 for any other type of content,
 * and the request's bytes are looked at once, strictly.
 */
export async function registerAccess(instance: FastifyInstance, routes: AccessRoutes): Promise<void> {
  await instance.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    scope.addHook('onRequest', async (request, reply) => void echoId(request, reply));
    scope.setErrorHandler((error, request, reply) => refuse(error, reply, routes.logger));
    scope.post('/access/v1/evaluation', async (request) => {
      const asking = await askingOf(request, routes.verifier);
      const read = readQuestion(bodyOf(request));
      if (!read.ok) throw misfit(read.because);
      return routes.evaluator.evaluate(read.value, asking);
    });
    scope.post('/access/v1/evaluations', async (request) => {
      const asking = await askingOf(request, routes.verifier);
      const read = readBatch(bodyOf(request));
      if (!read.ok) throw misfit(read.because);
      if (!('questions' in read.value)) return routes.evaluator.evaluate(read.value, asking);
      return { evaluations: await routes.evaluator.evaluateAll(read.value, asking) };
    });
  });
}

function echoId({ headers }: FastifyRequest, reply: FastifyReply): void {
  const id = headers['x-request-id'];
  if (typeof id === 'string' && REQUEST_ID.test(id)) reply.header('x-request-id', id);
}

async function askingOf({ headers, query }: FastifyRequest, verifier: Verifier): Promise<Asking> {
  const found = await authenticate(verifier, headers.authorization, Date.now());
  if ('problem' in found) throw new Unanswerable(found.problem);
  const { workflow } = query as { workflow?: string | string[] };
  if (Array.isArray(workflow)) throw misfit('workflow: name one');
  return { caller: found.caller.person, workflow };
}

function bodyOf({ headers, body }: FastifyRequest): unknown {
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') throw misfit('the content type has to be application/json');
  if (!Buffer.isBuffer(body) || body.length === 0) throw misfit('the body is empty');
  try {
    return parseStrictJson(body).value;
  } catch (error) {
    if (error instanceof Poison) throw misfit(error.detail);
    throw error;
  }
}

const NOT_YET = { status: 503, nextStep: 'Try again in a moment.' };

function refuse(error: unknown, reply: FastifyReply, logger: Logger): FastifyReply {
  const told = problemOf(error);
  if (!told) logger.error({ err: error }, 'a question could not be answered');
  const body = told ?? problem('UPSTREAM_FAILED', 'the question could not be answered', NOT_YET);
  return reply.status(body.status).header('content-type', 'application/problem+json').send(body);
}

function problemOf(error: unknown): Problem | undefined {
  if (error instanceof Unanswerable) return error.problem;
  if (error instanceof ControlUnknown) return problem('UPSTREAM_TIMEOUT', error.message, NOT_YET);
  const status = (error as { statusCode?: unknown } | undefined)?.statusCode;
  if (status === 413) return problem('LIMIT_EXCEEDED', 'the body is too large', { status });
  return typeof status === 'number' && status < 500 ? misfit((error as Error).message).problem : undefined;
}

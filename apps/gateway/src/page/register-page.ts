import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fastifyStatic from '@fastify/static';
import { problem, type Problem } from '@countersign/contracts';
import type { Logger } from 'pino';

/** Where the build leaves it. */
export const PAGE_DIR = path.resolve(import.meta.dirname, '../../../console/dist/page');
const NONCE = '__CSP_NONCE__';
/** The console's own addresses: the page finds the view. */
const VIEWS = ['approvals', 'traces', 'kill', 'workflows', 'evals', 'incidents', 'pipeline', 'audit'];

/** Where a person who mistyped is told so by the page, elsewhere by the API's own words. */
const OF_PROGRAMS = /^\/(v1|auth|access|mcp|assets|\.well-known)(\/|$)/;

const policyFor = (nonce: string) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "font-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

/** The console: its page at each of its addresses, with a nonce of its own an answer, and files that never change under their name. */
export async function registerPage(instance: FastifyInstance, dir: string, logger: Pick<Logger, 'warn'>) {
  const built = existsSync(path.join(dir, 'index.html'));
  if (built) await registerFiles(instance, dir);
  else logger.warn({ dir }, 'the console is not built (npm run build); the API answers without it');
  const answer = (_: FastifyRequest, reply: FastifyReply) =>
    built ? sendPage(reply, dir) : sendProblem(reply, MISSING);
  for (const address of ['/', ...VIEWS.flatMap((view) => [`/${view}`, `/${view}/*`])]) instance.get(address, answer);
  instance.get('/*', ({ headers, url }, reply) => {
    const isVisit = built && (headers.accept ?? '').includes('text/html') && !OF_PROGRAMS.test(url);
    return isVisit
      ? sendPage(reply.status(404), dir)
      : sendProblem(reply, problem('NOT_FOUND', `there is no ${url.slice(0, 200)}`));
  });
}

async function registerFiles(instance: FastifyInstance, dir: string): Promise<void> {
  await instance.register(fastifyStatic, {
    root: path.join(dir, 'assets'),
    prefix: '/assets/',
    index: false,
    preCompressed: true,
    immutable: true,
    maxAge: '365d',
  });
  instance.get('/favicon.svg', (_, reply) => reply.sendFile('favicon.svg', dir, { immutable: false, maxAge: '1d' }));
}

async function sendPage(reply: FastifyReply, dir: string): Promise<FastifyReply> {
  const nonce = randomBytes(16).toString('base64');
  const page = (await readFile(path.join(dir, 'index.html'), 'utf8')).replaceAll(NONCE, nonce);
  return reply.header('content-security-policy', policyFor(nonce)).type('text/html; charset=utf-8').send(page);
}

const MISSING = problem('NOT_FOUND', 'the console is not built', {
  nextStep: 'Run `npm run build` and start the gateway again; the API and the CLI work without it.',
});

const sendProblem = (reply: FastifyReply, body: Problem): FastifyReply =>
  reply.status(body.status).header('content-type', 'application/problem+json').send(body);

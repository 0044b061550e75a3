import { Catch, HttpException, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { CODES, problem, type Code, type Problem } from '@countersign/contracts';
import type { Logger } from 'pino';
import { LOGGER } from './logger.js';

/** A refusal over HTTP: `throw new HttpProblem('NOT_FOUND', 'there is no such approval')`. Extensions become members of the body. */
export class HttpProblem extends Error {
  constructor(
    readonly code: Code,
    readonly detail: string,
    readonly extensions: Record<string, unknown> = {},
    readonly headers: Record<string, string> = {},
  ) {
    super(`${code}: ${detail}`);
    this.name = 'HttpProblem';
  }
}

interface Reply {
  status(code: number): Reply;
  header(name: string, value: string): Reply;
  send(body: unknown): unknown;
  sent: boolean;
}

const INTERNAL = {
  type: 'about:blank',
  title: 'internal error',
  status: 500,
  detail: 'The service failed; the log says why.',
  nextStep: 'Try again; report it if it stays.',
};
const BY_STATUS: Record<number, Code> = {
  400: 'INVALID_ARGUMENTS',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RATE_LIMITED',
  501: 'NOT_BUILT',
};

/** Answers every error as RFC 9457 problem details; what nobody foresaw says nothing of the inside. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    // An error of a message handler reaches the transport.
    if (host.getType() !== 'http') throw error;
    const reply = host.switchToHttp().getResponse<Reply>();
    if (reply.sent) return;
    const { body, headers } = this.describe(error);
    for (const [name, value] of Object.entries(headers)) reply.header(name, value);
    reply.status(body.status).header('content-type', 'application/problem+json').send(body);
  }

  private describe(error: unknown): { body: Problem | typeof INTERNAL; headers: Record<string, string> } {
    if (error instanceof HttpProblem)
      return { body: problem(error.code, error.detail, error.extensions), headers: error.headers };
    const given = error instanceof HttpException ? error.getResponse() : undefined;
    if (isProblem(given)) return { body: given, headers: {} };
    if (isNul(error)) return { body: problem('NOT_FOUND', 'nothing here holds the character U+0000'), headers: {} };
    if (isTooLong(error)) return { body: problem('LIMIT_EXCEEDED', TOO_LONG.detail, TOO_LONG), headers: {} };
    const status =
      error instanceof HttpException ? error.getStatus() : (error as { statusCode?: unknown } | undefined)?.statusCode;
    if (typeof status === 'number' && status >= 400 && status < 500) {
      const code = BY_STATUS[status] ?? 'INVALID_ARGUMENTS';
      const body = problem(code, error instanceof Error ? error.message : CODES[code].nextStep);
      return { body: { ...body, status }, headers: {} };
    }
    this.logger.error({ err: error }, 'a request failed');
    return { body: INTERNAL, headers: {} };
  }
}

/** PostgreSQL's word on a text it can hold nothing of (22021): an id or a search with U+0000 in it finds nothing. */
const isNul = (error: unknown) => (error as { code?: unknown } | undefined)?.code === '22021';

/** PostgreSQL ended it at the limit of its time (57014). */
const isTooLong = (error: unknown) => (error as { code?: unknown } | undefined)?.code === '57014';
const TOO_LONG = {
  status: 503,
  detail: 'the store did not answer in the time that a question is given',
  nextStep: 'Ask for less: a shorter time, fewer words; or again when there is less to do.',
};

/** Guards throw an `HttpException` that carries the whole problem. */
const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' &&
  value !== null &&
  'code' in value &&
  String(value.code) in CODES &&
  'status' in value &&
  typeof value.status === 'number';

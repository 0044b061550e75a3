import { pino, type DestinationStream, type Logger } from 'pino';
import type { LoggerService } from '@nestjs/common';
import { currentTraceparent } from '@countersign/messaging';
import { maskedLine } from './masked-line.js';

/** Injection token of the service's pino logger. */
export const LOGGER: unique symbol = Symbol('LOGGER');

/** What must never stand in a log, wherever it is nested. */
const SECRETS = [
  'authorization',
  'token',
  'password',
  'secret',
  'apiKey',
  'cookie',
  'databaseUrl',
  'DATABASE_URL',
  'KAFKA_SASL_PASSWORD',
  'OPENAI_API_KEY',
];
const paths = SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`, `headers["${name}"]`]);

/**
 * One line of JSON a message on stdout, with the service's name and, where it belongs to a trace, its `trace_id` and `span_id`; secrets are struck out, and so
 * is what looks like personal data.
 */
export function createLogger(
  service: string,
  config: { LOG_LEVEL: string; COUNTERSIGN_INSTANCE?: string | undefined },
  destination: DestinationStream = pino.destination(1),
): Logger {
  const options = {
    level: config.LOG_LEVEL,
    base: { service, instance: config.COUNTERSIGN_INSTANCE ?? `${service}-1` },
    redact: { paths, censor: '[redacted]' },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: withoutConnection },
    mixin: traceOf,
    hooks: { streamWrite: maskedLine },
  };
  return pino(options, destination);
}

/** As OpenTelemetry names them in logs of other formats than its own. */
function traceOf(): object {
  const [, trace_id, span_id] = currentTraceparent()?.split('-') ?? [];
  return trace_id ? { trace_id, span_id } : {};
}

/** Errors of drivers carry settings of the connection beside what happened. */
function withoutConnection(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack } = error;
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  return {
    type: name,
    message,
    stack,
    ...(typeof code === 'string' && { code }),
    ...(cause instanceof Error && { cause: cause.message }),
  };
}

/** Nest's own messages go the same way; its start-up chatter only at debug. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.logger.debug(fields(rest), String(message));
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.logger.error(
      { ...fields(rest), ...(message instanceof Error && { err: message }) },
      message instanceof Error ? message.message : String(message),
    );
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.logger.warn(fields(rest), String(message));
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.logger.debug(fields(rest), String(message));
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.logger.trace(fields(rest), String(message));
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.logger.fatal(fields(rest), String(message));
  }
}

const fields = (rest: unknown[]) => ({
  from: `nest/${String(rest.at(-1) ?? '')}`,
  ...(rest.length > 1 && { detail: rest.slice(0, -1).map(String) }),
});

/*
 * Spans, in the trace that a `traceparent` names. What it guarantees:
 *
 *  1  Without an SDK nothing is made or asked for a record: one look per transaction, round of work or request.
 *  2  Where something belongs in a trace is told by its `traceparent` alone, as it stands in a record's header or a work row: it is the same
 *     in the process that goes on with it, whenever that is. Without an SDK it is passed on as it came.
 *  3  No span holds a person's words or values: names, ids, codes and counts, in which shapes of personal data are masked besides. What went
 *     wrong is told by its class, never in its words.
 *  4  Tracing fails nothing that is traced.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  ProxyTracerProvider,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type AttributeValue,
  type Context,
  type Link,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { traceIdOf } from '@countersign/contracts';
import { maskWords } from '@countersign/sealing';
import { SPAN } from './span-names.js';

export type SpanAttributes = Partial<Record<(typeof SPAN)[keyof typeof SPAN], AttributeValue | undefined>>;

export interface SpanSpec {
  name: string;
  kind: 'client' | 'consumer' | 'internal' | 'producer' | 'server';
  attributes: SpanAttributes;
  /** Places in other traces that it has to do with. */
  links?: (string | undefined)[];
}

const SCOPE = '@countersign/messaging';
const KINDS = {
  client: SpanKind.CLIENT,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
  producer: SpanKind.PRODUCER,
  server: SpanKind.SERVER,
} as const;

/** Undefined without an SDK (guarantee 1). */
function tracer(): Tracer | undefined {
  const provider = trace.getTracerProvider();
  return provider instanceof ProxyTracerProvider ? provider.getDelegateTracer(SCOPE) : provider.getTracer(SCOPE);
}

export const isTracing = (): boolean => tracer() !== undefined;

export class OpenSpan {
  constructor(private readonly span: Span) {}

  /** Where it is: what it leads to belongs below. */
  get traceparent(): string {
    const { traceId, spanId, traceFlags } = this.span.spanContext();
    return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  }

  set(attributes: SpanAttributes): void {
    if (this.span.isRecording()) this.span.setAttributes(told(attributes));
  }

  link(traceparent: string): void {
    this.span.addLinks(linksTo([traceparent]));
  }

  /** Guarantee 3. */
  fail(type: string): void {
    this.set({ [SPAN.errorType]: type });
    this.span.setStatus({ code: SpanStatusCode.ERROR });
  }

  end(): void {
    this.span.end();
  }
}

interface Here {
  traceparent: string;
  span?: OpenSpan;
}
const here = new AsyncLocalStorage<Here>();

/** Where in a trace this is being done: what it publishes goes there. */
export const currentTraceparent = (): string | undefined => here.getStore()?.traceparent;

/** Runs within what a `traceparent` names, if it names anything. */
export function inTrace<T>(traceparent: string | undefined, run: () => T): T {
  return traceIdOf(traceparent) === undefined ? run() : here.run({ traceparent: traceparent! }, run);
}

/** Guarantee 4: what cannot be told of something is left out. */
export function quietly<T>(tell: () => T): T | undefined {
  try {
    return tell();
  } catch {
    return undefined;
  }
}

/** Runs within a span. */
export const inSpan = <T>(span: OpenSpan, run: () => T): T => here.run({ traceparent: span.traceparent, span }, run);

/** Begins a span below `parent`, or a trace of its own; undefined without an SDK. */
export function openSpan(spec: SpanSpec, parent = currentTraceparent()): OpenSpan | undefined {
  const { name, kind, attributes, links = [] } = spec;
  const options = { kind: KINDS[kind], attributes: told(attributes), links: linksTo(links) };
  const span = tracer()?.startSpan(name, options, contextOf(parent) ?? ROOT_CONTEXT);
  return span && new OpenSpan(span);
}

/** Runs in a span of its own. `run` gets none without an SDK. */
export async function spanned<T>(
  spec: () => SpanSpec,
  run: (span: OpenSpan | undefined) => Promise<T>,
  parent = currentTraceparent(),
): Promise<T> {
  const span = isTracing() ? quietly(() => openSpan(spec(), parent)) : undefined;
  if (!span) return run(undefined);
  try {
    return await inSpan(span, () => run(span));
  } catch (error) {
    span.fail(errorTypeOf(error));
    throw error;
  } finally {
    span.end();
  }
}

/** What a request turned out to be about. */
export function tellSpan({
  tenant,
  intentId,
  actionId,
}: {
  tenant: string;
  intentId?: string;
  actionId?: string;
}): void {
  const about = { [SPAN.tenant]: tenant, [SPAN.intentId]: intentId, [SPAN.actionId]: actionId };
  here.getStore()?.span?.set(about);
}

/** Links this span to a place in another trace. */
export const linkSpan = (traceparent: string): void => here.getStore()?.span?.link(traceparent);

/** The server of a URL, without what stands in its path. */
export function placeOf(url: string): SpanAttributes {
  const { hostname, port, protocol } = new URL(url);
  return { [SPAN.serverAddress]: hostname, [SPAN.serverPort]: Number(port) || (protocol === 'https:' ? 443 : 80) };
}

/** A code of an engine or of ours, else the class of error. */
export function errorTypeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  if (typeof code === 'string' && /^[A-Z0-9_]{2,40}$/.test(code)) return code;
  return error instanceof Error ? error.constructor.name : '_OTHER';
}

function contextOf(traceparent: string | undefined): Context | undefined {
  const traceId = traceIdOf(traceparent);
  if (traceId === undefined) return undefined;
  const [, , spanId, flags] = traceparent!.split('-') as [string, string, string, string];
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: parseInt(flags, 16), isRemote: true });
}

const linksTo = (traceparents: (string | undefined)[]): Link[] =>
  traceparents.flatMap((traceparent) => {
    const context = contextOf(traceparent);
    return context ? [{ context: trace.getSpanContext(context)! }] : [];
  });

/** Without what is not there, and masked (guarantee 3). */
function told(attributes: SpanAttributes): Record<string, AttributeValue> {
  const said: Record<string, AttributeValue> = {};
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== '') said[name] = typeof value === 'string' ? maskWords(value) : value;
  return said;
}

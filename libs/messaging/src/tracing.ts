import { context, propagation, SpanKind, SpanStatusCode, trace, type Context } from '@opentelemetry/api';
import type { Topic } from '@countersign/contracts';
import type { Read } from './stream.js';

const tracer = trace.getTracer('@countersign/messaging');
const MAX_LINKS = 100;

/** Runs a batch's transaction in a span: within the trace of its one record, or linked to those of many. Costs nothing without an SDK. */
export function traced<T>(topic: Topic, reads: Read[], run: () => Promise<T>): Promise<T> {
  const single = reads.length === 1 ? parentOf(reads[0]!) : undefined;
  const options = {
    kind: SpanKind.CONSUMER,
    attributes: { 'messaging.system': 'kafka', 'messaging.destination.name': topic },
  };
  return tracer.startActiveSpan(`${topic} process`, options, single ?? context.active(), async (span) => {
    if (span.isRecording()) {
      span.setAttribute('messaging.batch.message_count', reads.length);
      if (!single) span.addLinks(reads.slice(0, MAX_LINKS).flatMap((read) => linkOf(read)));
    }
    try {
      return await run();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
      throw error;
    } finally {
      span.end();
    }
  });
}

function parentOf({ incoming }: Read): Context | undefined {
  const traceparent = incoming?.headers['traceparent'];
  return traceparent ? propagation.extract(context.active(), { traceparent }) : undefined;
}

function linkOf(read: Read) {
  const parent = parentOf(read);
  const linked = parent && trace.getSpanContext(parent);
  return linked ? [{ context: linked }] : [];
}

import { topicName, type AnyEvent, type EventDraft, type Incoming, type Topic } from '@countersign/contracts';
import { errorTypeOf, isTracing, openSpan, quietly, type OpenSpan, type SpanAttributes } from './tracing.js';
import { SPAN } from './span-names.js';
import type { Read } from './stream.js';

/** Who reads. An ingester takes records of many traces for one purpose: its batch has one span, linked to them. */
export interface Reader {
  name: string;
  topicPrefix: string;
  isIngester: boolean;
}

const MAX_LINKS = 100;
/** A request that comes without a trace begins one; of all else without one (a heartbeat) nobody asks. */
const BEGINNINGS: readonly Topic[] = ['intents', 'control'];
/** Whoever publishes there is not known yet: what they claim is told by what policy makes of it. */
const CLAIMS: readonly Topic[] = BEGINNINGS;

const spans = new WeakMap<Incoming, OpenSpan>();

/**
 * Runs the transaction over records in a span for each, below the one that published it: `run` gets them with their own place in the
 * trace as `traceparent`, so that all that is emitted, written down or kept because of one goes on from there.
 */
export async function recordsTraced<T>(reader: Reader, reads: Read[], run: (reads: Read[]) => Promise<T>): Promise<T> {
  if (!isTracing()) return run(reads);
  const open: OpenSpan[] = [];
  const traced = reader.isIngester ? reads : reads.map((read) => quietly(() => begun(read, reader, open)) ?? read);
  if (reader.isIngester) open.push(...batchSpan(reader, reads));
  try {
    return await run(traced);
  } catch (error) {
    for (const span of open) span.fail(errorTypeOf(error));
    throw error;
  } finally {
    for (const span of open) span.end();
  }
}

/** Tells the span of a record what came of it. */
export function tellerOf(incoming: Incoming): ((emitted: EventDraft[]) => void) | undefined {
  const span = spans.get(incoming);
  return span && ((emitted) => void quietly(() => span.set(cameOf(emitted))));
}

const cameOf = (emitted: EventDraft[]): SpanAttributes => {
  const about = emitted.map(aboutOf).reduce((all, one) => ({ ...all, ...one }), {});
  return emitted.length === 0 ? about : { ...about, [SPAN.emitted]: [...new Set(emitted.map(({ type }) => type))] };
};

function begun(read: Read, reader: Reader, open: OpenSpan[]): Read {
  const { incoming } = read;
  const traceparent = incoming?.headers['traceparent'];
  if (!incoming || (traceparent === undefined && !BEGINNINGS.includes(incoming.record.topic))) return read;
  const span = openSpan(
    {
      name: `process ${topicName(incoming.record.topic, reader.topicPrefix)}`,
      kind: 'consumer',
      attributes: attributesOf(incoming, reader),
    },
    traceparent,
  );
  if (!span) return read;
  open.push(span);
  const moved = { ...incoming, headers: { ...incoming.headers, traceparent: span.traceparent } };
  spans.set(moved, span);
  return { ...read, incoming: moved };
}

const processing = ({ name, topicPrefix }: Reader) => ({
  [SPAN.system]: 'kafka',
  [SPAN.operationName]: 'process',
  [SPAN.operationType]: 'process',
  [SPAN.group]: `${topicPrefix}-${name}`,
});

function attributesOf({ record, event }: Incoming, reader: Reader): SpanAttributes {
  return {
    ...processing(reader),
    [SPAN.destination]: topicName(record.topic, reader.topicPrefix),
    [SPAN.partition]: String(record.partition),
    [SPAN.offset]: Number(record.offset),
    [SPAN.event]: event.type,
    ...(CLAIMS.includes(record.topic) ? {} : aboutOf(event)),
  };
}

function batchSpan(reader: Reader, reads: Read[]): OpenSpan[] {
  const links = [...new Set(reads.flatMap(({ incoming }) => incoming?.headers['traceparent'] ?? []))];
  if (links.length === 0) return [];
  const topics = [...new Set(reads.map(({ record }) => record.topic))];
  const destination = topics.length === 1 ? topicName(topics[0]!, reader.topicPrefix) : undefined;
  const span = openSpan({
    name: destination ? `process ${destination}` : 'process',
    kind: 'consumer',
    attributes: { ...processing(reader), [SPAN.destination]: destination, [SPAN.batchCount]: reads.length },
    links: links.slice(0, MAX_LINKS),
  });
  return span ? [span] : [];
}

/** Read by shape: every event that has such a field means the same by it. */
function aboutOf({ tenantid, correlationid, data }: AnyEvent | EventDraft): SpanAttributes {
  const fields = (data ?? {}) as Record<string, unknown>;
  const call = (fields['action'] ?? fields) as Record<string, unknown>;
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  return {
    ...present(SPAN.tenant, tenantid),
    ...present(SPAN.intentId, correlationid),
    ...present(SPAN.actionId, text(call['actionId'])),
    ...present(SPAN.tool, text(call['tool'])),
    ...present(SPAN.code, text(fields['code'])),
    ...present(SPAN.grant, text(fields['grant'])),
    ...present(SPAN.outcome, text(fields['outcome'])),
  };
}

const present = (name: string, value: string | undefined): SpanAttributes => (value ? { [name]: value } : {});

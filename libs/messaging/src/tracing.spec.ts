import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SpanKind, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace';
import * as conventions from '@opentelemetry/semantic-conventions/incubating';
import { FakeBroker } from './fake/fake-broker.js';
import { FakeCluster } from './fake/fake-cluster.js';
import { FakeDatabase } from './fake/fake-database.js';
import { FakeStore } from './fake/fake-store.js';
import { intent, startSubject, subjectWorker, TRACEPARENT, type SubjectOptions } from './contract/subject.js';
import { until } from './contract/until.js';
import { fakeWorld } from './fake/fake-world.js';
import type { Messaging } from './messaging.js';
import { emit, type Ingester, type WorkRow } from './stream.js';
import { SPAN } from './span-names.js';
import { currentTraceparent, inSpan, inTrace, isTracing, openSpan, spanned, type OpenSpan } from './tracing.js';

const [, TRACE_ID, PARENT_ID] = TRACEPARENT.split('-');
const WORDS = 'zora@mail.test';
const NAME = 'Zora Quincewort';

const exporter = new InMemorySpanExporter();
const spans = () => exporter.getFinishedSpans();
const named = (name: string) => spans().filter((span) => span.name === name);
const placeOf = (span: ReadableSpan) => {
  const { traceId, spanId } = span.spanContext();
  return `00-${traceId}-${spanId}-01`;
};

function withSdk(): void {
  beforeEach(() => {
    exporter.reset();
    trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
  });
  afterEach(() => trace.disable());
}

/** A process of the subject, its cluster and database at hand. */
function open() {
  const cluster = new FakeCluster();
  const database = new FakeDatabase();
  let messaging: Messaging | undefined;
  const world = {
    ...fakeWorld(),
    connect: (instance: string) => ({ broker: new FakeBroker(cluster), store: new FakeStore(database, instance) }),
  };
  return {
    produce: (...records: ReturnType<typeof intent>[]) => {
      for (const record of records) cluster.append({ topic: 'intents', ...record });
    },
    start: async (options: SubjectOptions = {}) => {
      ({ messaging } = await startSubject(world, 'a', options));
      return messaging;
    },
    emitted: () => cluster.read('proposals').map(({ headers }) => String(headers['traceparent'])),
    work: () => [...database.tables.work.values()],
    stop: () => messaging?.stop(),
  };
}

describe('tracing with an SDK (numbers: the guarantees of tracing.ts)', () => {
  withSdk();
  let subject: ReturnType<typeof open>;
  beforeEach(() => void (subject = open()));
  afterEach(() => subject.stop());

  it('2: a record has a span below the one that published it, and what it leads to goes on from there', async () => {
    subject.produce(intent('e1', 'once'), intent('e2', 'once'));
    await subject.start();
    await until('both are published', () => subject.emitted().length === 2);
    const processed = named('process fake.intents.v1');
    expect(processed.map((span) => [span.kind, span.parentSpanContext?.spanId, span.spanContext().traceId])).toEqual(
      [1, 2].map(() => [SpanKind.CONSUMER, PARENT_ID, TRACE_ID]),
    );
    expect(subject.emitted()).toEqual(processed.map(placeOf));
    expect(processed[0]!.attributes).toEqual({
      'messaging.system': 'kafka',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.consumer.group.name': 'fake-subject',
      'messaging.destination.name': 'fake.intents.v1',
      'messaging.destination.partition.id': expect.stringMatching(/^\d$/),
      'messaging.kafka.offset': 0,
      'countersign.event': 'countersign.intent.requested.v1',
      'countersign.emitted': ['countersign.reply.sent.v1'],
    });
  });

  it('2: work is done below what wrote it down, by whichever process and however late, and what comes of it below that', async () => {
    subject.produce(intent('e', 'work'));
    const first = await subject.start({ workers: [] });
    await until('it is written down', () => subject.work().length === 1);
    await first.stop();
    const worker = {
      ...subjectWorker(async (rows, round) => {
        const [row] = rows as [WorkRow];
        const ours = await round.markSent([row]);
        await inTrace(row.traceparent, () =>
          spanned(
            () => ({ name: 'GET', kind: 'client', attributes: {} }),
            async () => {},
          ),
        );
        await round.finish(ours[0]!, { tag: 'done', status: 'COMMITTED', outcome: { ok: true } });
      }),
      span: {
        begin: () => ({ name: 'execute_tool t', kind: 'internal' as const, attributes: { [SPAN.tool]: 't' } }),
        end: () => ({ [SPAN.outcome]: 'committed' }),
      },
    };
    await subject.start({ workers: [worker] });
    await until('it is done', () => subject.emitted().length === 1);
    await until('its span has ended', () => named('execute_tool t').length === 1);
    const [processed] = named('process fake.intents.v1');
    const [done] = named('execute_tool t');
    expect(done!.parentSpanContext?.spanId).toBe(processed!.spanContext().spanId);
    expect(done!.attributes).toEqual({
      'countersign.tool': 't',
      'countersign.attempt': 1,
      'countersign.outcome': 'committed',
    });
    expect(named('GET')[0]!.parentSpanContext?.spanId).toBe(done!.spanContext().spanId);
    expect(subject.emitted()).toEqual([placeOf(done!)]);
  });

  it('2: what a request says in an older trace goes on there, and each is linked to the other', async () => {
    const messaging = await subject.start();
    const event = { id: 'granted', session: 's', type: 'countersign.reply.sent.v1', traceparent: TRACEPARENT };
    const request = openSpan({ name: 'POST /v1/approvals', kind: 'server', attributes: {} })!;
    const decide = () => ({ effects: [emit(event as never)], result: undefined });
    await inSpan(request, () => messaging.execute({ touches: [], decide }));
    request.end();
    await until('it is published', () => subject.emitted().length === 1);
    const [sent] = named('send fake.replies.v1');
    const [asked] = named('POST /v1/approvals');
    expect(sent!.spanContext().traceId).toBe(TRACE_ID);
    expect(sent!.parentSpanContext?.spanId).toBe(PARENT_ID);
    expect(sent!.links.map(({ context }) => context.spanId)).toEqual([asked!.spanContext().spanId]);
    expect(asked!.links.map(({ context }) => context.traceId)).toEqual([TRACE_ID]);
    expect(subject.emitted()).toEqual([placeOf(sent!)]);
  });

  it('2: an ingester has one span for its batch, linked to what it holds, and gets the records as they came', async () => {
    const seen: (string | undefined)[] = [];
    const ingester: Ingester = {
      name: 'reader',
      topics: ['intents'],
      ingest: async (_tx, reads) => void seen.push(...reads.map(({ incoming }) => incoming?.headers['traceparent'])),
    };
    subject.produce(intent('e1', 'a'), intent('e2', 'b'));
    await subject.start({ subscriptions: [ingester], workers: [] });
    await until('it is read', () => spans().length > 0);
    expect(seen).toEqual([TRACEPARENT, TRACEPARENT]);
    expect(spans().map(({ name, links, attributes }) => [name, links.length, attributes[SPAN.batchCount]])).toEqual([
      ['process fake.intents.v1', 1, 2],
    ]);
    expect(spans()[0]!.spanContext().traceId).not.toBe(TRACE_ID);
  });

  it('a request without a trace begins one', async () => {
    const { traceparent: _, ...headers } = intent('e', 'once').headers;
    subject.produce({ ...intent('e', 'once'), headers });
    await subject.start();
    await until('it is published', () => subject.emitted().length === 1);
    expect(subject.emitted()).toEqual(named('process fake.intents.v1').map(placeOf));
  });

  it('3: no span holds what a person said, nor what went wrong in words', async () => {
    const claims = { ce_tenantid: NAME, ce_correlationid: NAME, ce_subject: NAME };
    subject.produce({ ...intent('e', `once`), headers: { ...intent(WORDS, 'x', WORDS).headers, ...claims } });
    const worker = {
      ...subjectWorker(() => Promise.reject(new RangeError(`${WORDS} is out of range`))),
      span: {
        begin: () => ({ name: 'w', kind: 'internal' as const, attributes: { [SPAN.tool]: WORDS } }),
        end: () => ({}),
      },
    };
    subject.produce(intent('e2', 'work'));
    await subject.start({ workers: [worker] });
    await until('its work has failed', () => named('w').length > 0);
    expect(named('w')[0]).toMatchObject({ attributes: { 'error.type': 'RangeError' }, status: { code: 2 } });
    const told = JSON.stringify(
      spans().map(({ name, attributes, status, events }) => ({ name, attributes, status, events })),
    );
    expect([WORDS, NAME].filter((words) => told.includes(words))).toEqual([]);
  });

  it('4: what cannot be told of work does not keep it from being done', async () => {
    const fails = () => {
      throw new Error('told to fail');
    };
    const plain = subjectWorker(async ([row], round) =>
      round.finish(row!, { tag: 'done', status: 'COMMITTED', outcome: { ok: true } }),
    );
    subject.produce(intent('e', 'work'));
    await subject.start({ workers: [{ ...plain, span: { begin: fails, end: fails } }] });
    await until('it is done', () => subject.emitted().length === 1);
  });

  it('4: an unsampled trace is carried on, and nothing is recorded of it', async () => {
    const unsampled = TRACEPARENT.replace(/01$/, '00');
    subject.produce({ ...intent('e', 'once'), headers: { ...intent('e', 'once').headers, traceparent: unsampled } });
    await subject.start();
    await until('it is published', () => subject.emitted().length === 1);
    expect(spans()).toEqual([]);
    expect(String(subject.emitted()[0])).toMatch(new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-00$`));
  });
});

describe('tracing without an SDK', () => {
  let subject: ReturnType<typeof open>;
  beforeEach(() => void (subject = open()));
  afterEach(() => subject.stop());

  it('1: makes no span, and hands on what came', async () => {
    let asked = 0;
    const worker = {
      ...subjectWorker(async (rows, round) => {
        const [row] = rows as [WorkRow];
        const place = await inTrace(row.traceparent, () =>
          spanned(
            () => (asked++, { name: 'GET', kind: 'client', attributes: {} }),
            async (span: OpenSpan | undefined) => [span, currentTraceparent()],
          ),
        );
        expect(place).toEqual([undefined, TRACEPARENT]);
        await round.finish(row, { tag: 'done', status: 'COMMITTED', outcome: { ok: true } });
      }),
      span: { begin: () => (asked++, undefined), end: () => (asked++, {}) },
    };
    subject.produce(intent('e1', 'once'), intent('e2', 'work'));
    await subject.start({ workers: [worker] });
    await until('all is published', () => subject.emitted().length === 2);
    expect(subject.emitted()).toEqual([TRACEPARENT, TRACEPARENT]);
    expect({ asked, tracing: isTracing() }).toEqual({ asked: 0, tracing: false });
  });
});

describe('the names of spans', () => {
  it('are those of the conventions, or our own', () => {
    const known = Object.entries(conventions).flatMap(([name, value]) => (name.startsWith('ATTR_') ? [value] : []));
    const unknown = Object.values(SPAN).filter(
      (name) => !name.startsWith('countersign.') && !known.includes(name as never),
    );
    expect(unknown).toEqual([]);
  });
});

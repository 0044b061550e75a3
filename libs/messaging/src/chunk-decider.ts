import type { Incoming, RawRecord } from '@countersign/contracts';
import { messageOf, NotPrepared, StoreFailure } from './errors.js';
import type { Log } from './log.js';
import type { Metrics } from './metrics.js';
import type { ParkingLot } from './parking.js';
import type { ParkedRow, StoreTx } from './ports.js';
import { tellerOf } from './record-spans.js';
import type { Consumer, Handler, Ingester, Read } from './stream.js';
import type { Step, UnitOfWork } from './unit-of-work.js';

/** What a transaction's body hands on to the committer. */
export interface Extra {
  incoming?: Incoming[];
  project?: NonNullable<Consumer['project']>;
  committed?: () => void;
}

export interface DeciderParts {
  parking: ParkingLot;
  log: Log;
  metrics: Metrics;
}

/** Runs a consumer's handlers over a chunk: each event in order, each whole or parked (guarantee 6). */
export class ChunkDecider {
  constructor(private readonly parts: DeciderParts) {}

  /** Awaits the facts, then answers the transaction's body. */
  async prepare(
    consumer: Consumer<unknown>,
    reads: Read[],
  ): Promise<(tx: StoreTx, unit: UnitOfWork) => Promise<Extra>> {
    const incoming = reads.flatMap((read) => read.incoming ?? []);
    const facts = await factsOf(consumer, incoming);
    return async (tx, unit) => {
      const parked = this.poisonOf(consumer.name, reads);
      const handled = await this.fold(consumer, incoming, facts, unit, parked);
      const { committed } = await this.park(tx, parked);
      const project = consumer.project?.bind(consumer);
      return { incoming: handled, ...(project && { project }), committed };
    };
  }

  private async fold(
    consumer: Consumer<unknown>,
    incoming: Incoming[],
    facts: unknown,
    unit: UnitOfWork,
    parked: ParkedRow[],
  ): Promise<Incoming[]> {
    const fail = (one: Incoming, error: unknown) => {
      if (error instanceof StoreFailure) throw error;
      this.parts.log.error(
        { err: error, type: one.event.type, id: one.event.id, offset: String(one.record.offset) },
        'a handler failed; its record is parked',
      );
      parked.push(this.parts.parking.row(consumer.name, one.record, 'HANDLER_FAILED', messageOf(error)));
    };
    const steps: { one: Incoming; step: Step }[] = [];
    for (const one of incoming) {
      try {
        const step = stepOf(consumer, one, facts);
        if (step) steps.push({ one, step });
      } catch (error) {
        fail(one, error);
      }
    }
    await unit.load(steps.map(({ step }) => step));
    const handled: Incoming[] = [];
    for (const { one, step } of steps) {
      try {
        await unit.run(step);
        handled.push(one);
      } catch (error) {
        fail(one, error);
      }
    }
    return handled;
  }

  /** An ingester gets every record whole; what cannot be read is listed among the parked besides. */
  ingest(ingester: Ingester, reads: Read[]): (tx: StoreTx) => Promise<Extra> {
    return async (tx) => {
      const tell = await ingester.ingest(tx.sql, reads);
      // Nobody acts on it from here, so nobody's token has to be kept.
      const parked = this.poisonOf(ingester.name, reads, withoutToken);
      const { committed } = await this.park(tx, parked);
      return {
        committed: () => {
          tell?.();
          committed();
        },
      };
    };
  }

  private poisonOf(consumer: string, reads: Read[], kept = (record: RawRecord) => record): ParkedRow[] {
    return reads.flatMap(({ record, poison }) =>
      poison ? this.parts.parking.row(consumer, kept(record), poison.reason, poison.detail) : [],
    );
  }

  /** What it answers is to be called once that is committed. */
  async park(tx: StoreTx, rows: ParkedRow[]): Promise<{ committed: () => void }> {
    if (rows.length) await tx.park(rows);
    return { committed: () => this.tell(rows) };
  }

  private tell(rows: ParkedRow[]): void {
    for (const { reason, topic, partition, offset } of rows) {
      this.parts.metrics.parked.inc({ reason });
      this.parts.log.warn({ reason, topic, partition, offset: String(offset) }, 'a record is parked');
    }
  }
}

function withoutToken(record: RawRecord): RawRecord {
  const headers = Object.entries(record.headers).filter(([name]) => name.toLowerCase() !== 'authorization');
  return { ...record, headers: Object.fromEntries(headers) };
}

/** The pure step for an event; undefined where its type is ignored. */
export function stepOf(consumer: Consumer<unknown>, one: Incoming, facts: unknown): Step | undefined {
  const routes = consumer.topics[one.record.topic] as Record<string, Handler<never, unknown> | 'ignore'> | undefined;
  const handler = routes?.[one.event.type];
  if (!handler || handler === 'ignore') return undefined;
  const incoming = one as never;
  const also = handler.touchesAlso?.bind(handler);
  return {
    touches: handler.touches(incoming, facts),
    ...(also && { touchesAlso: (states) => also(incoming, states, facts) }),
    decide: (states, now) => handler.decide(incoming, states, facts, now),
    traceparent: one.headers['traceparent'],
    tell: tellerOf(one),
  };
}

/** What `prepare` knows of these events. */
export async function factsOf(consumer: Consumer<unknown>, incoming: Incoming[]): Promise<unknown> {
  if (!incoming.length || !consumer.prepare) return undefined;
  try {
    return await consumer.prepare(incoming);
  } catch (error) {
    throw new NotPrepared(error);
  }
}

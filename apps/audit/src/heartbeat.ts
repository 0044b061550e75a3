import { eventIdOf, TOPICS, type EventDraft, type OutRecord, type Topic } from '@countersign/contracts';
import type { Bounds, Log, SqlTx } from '@countersign/messaging';
import type { AuditMetrics } from './metrics.js';
import type { Progress } from './progress.js';

export interface HeartbeatParts {
  instance: string;
  version: string;
  everyMs: number;
  sql: SqlTx;
  bounds(topic: Topic): Promise<Map<number, Bounds>>;
  publish(records: OutRecord[]): Promise<void>;
  /** Signs: executors go by no word that is not audit's. */
  encode(draft: EventDraft): OutRecord;
  metrics: AuditMetrics;
  log: Log;
}

type End = { topic: Topic; partition: number; high: bigint };
const placeOf = ({ topic, partition }: { topic: Topic; partition: number }) => `${topic}/${partition}`;

/**
 * The instant up to which everything is stored, given what was stored of the ends that were `asked` for then. A partition
 * that is behind counts by its last record stored, or by when it was last seen whole (`wholeAt`, brought up to date): one
 * record on a partition that was idle for an hour does not set the instant back by that hour. Undefined while a partition
 * that has records has none stored.
 */
export function ingestedThrough(
  asked: number,
  ends: readonly End[],
  progress: Progress[],
  wholeAt: Map<string, number>,
): number | undefined {
  const stored = new Map(progress.map((place) => [placeOf(place), place]));
  let through: number | undefined = asked;
  for (const end of ends) {
    const place = stored.get(placeOf(end));
    if (end.high === 0n || (place && place.next >= end.high)) {
      wholeAt.set(placeOf(end), asked);
      continue;
    }
    const reached = Math.max(place?.lastAppendedAt ?? -Infinity, wholeAt.get(placeOf(end)) ?? -Infinity);
    through = through === undefined || reached === -Infinity ? undefined : Math.min(through, reached);
  }
  return through;
}

/** Says every second how far everything is stored; the first time when it has caught up with what was there at start. */
export class Heartbeat {
  private timer: NodeJS.Timeout | undefined;
  private caughtUp = false;
  /** The ends of the log at start. */
  private goal: End[] | undefined;
  private readonly wholeAt = new Map<string, number>();
  private stopped = false;

  constructor(private readonly parts: HeartbeatParts) {}

  start(): void {
    this.timer = setTimeout(() => void this.tick(), 0);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async tick(): Promise<void> {
    try {
      await this.beat();
    } catch (error) {
      // An engine is away. Silence is what says so: an executor that hears nothing claims nothing.
      this.parts.log.warn(
        { err: error instanceof Error ? error.message : String(error) },
        'no heartbeat; tried again with the next',
      );
    }
    const again = this.caughtUp ? this.parts.everyMs : Math.min(100, this.parts.everyMs);
    if (!this.stopped) this.timer = setTimeout(() => void this.tick(), again);
  }

  private async beat(): Promise<void> {
    const { publish, encode, metrics } = this.parts;
    const asked = await this.now();
    const ends = await this.ends();
    this.goal ??= ends;
    const progress = await this.progress();
    this.caughtUp ||= ingestedThrough(asked, this.goal, progress, new Map()) === asked;
    const through = ingestedThrough(asked, ends, progress, this.wholeAt);
    if (!this.caughtUp || through === undefined) return;
    metrics.behindSeconds.set((asked - through) / 1000);
    await publish([encode(this.draft(asked, through))]);
  }

  /** The database's time: a clock of this process's own that is wrong would stop every executor. */
  private async now(): Promise<number> {
    const [row] = await this.parts.sql.query<{ now: Date }>('audit-now', 'SELECT clock_timestamp() AS now', []);
    return row!.now.getTime();
  }

  private async ends(): Promise<End[]> {
    const ends = TOPICS.map(async (topic) =>
      [...(await this.parts.bounds(topic))].map(([partition, { low, high }]) => ({
        topic,
        partition,
        high: high === low ? 0n : high,
      })),
    );
    return (await Promise.all(ends)).flat();
  }

  private async progress(): Promise<Progress[]> {
    const select = 'SELECT topic, partition, next, last_appended_at AS last FROM progress';
    const rows = await this.parts.sql.query<{ topic: Topic; partition: number; next: string; last: Date }>(
      'audit-progress-all',
      select,
      [],
    );
    return rows.map(({ topic, partition, next, last }) => ({
      topic,
      partition,
      next: BigInt(next),
      lastAppendedAt: last.getTime(),
    }));
  }

  private draft(at: number, through: number): EventDraft {
    const { instance, version } = this.parts;
    const type = 'countersign.audit.heartbeat.v1';
    const time = new Date(at).toISOString();
    const data = { ingestedThrough: new Date(through).toISOString(), at: time, instance, version };
    return {
      type,
      id: eventIdOf(type, instance, time),
      time,
      subject: instance,
      tenantid: '',
      actorid: '',
      session: '',
      correlationid: '',
      causationid: '',
      data,
    };
  }
}

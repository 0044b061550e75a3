import type { Log } from '@countersign/messaging';
import type { DataSource } from 'typeorm';
import { PARTITIONS_AHEAD } from './migrations.js';

const HOUR = 3600 * 1000;

/** Makes the days' partitions ahead of need, every hour. One that is late costs nothing: the default partition takes the records. */
export function keepPartitions(source: DataSource, log: Log): { stop(): void } {
  const make = async () => {
    try {
      await source.query('SELECT ensure_partitions($1)', [PARTITIONS_AHEAD]);
    } catch (error) {
      log.warn(
        { err: error instanceof Error ? error.message : String(error) },
        'partitions were not made; tried again in an hour',
      );
    }
  };
  const timer = setInterval(() => void make(), HOUR);
  timer.unref();
  void make();
  return { stop: () => clearInterval(timer) };
}

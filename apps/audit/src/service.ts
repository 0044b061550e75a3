import { TOPICS } from '@countersign/contracts';
import type { Ingester, Log } from '@countersign/messaging';
import type { AuditMetrics } from './metrics.js';
import { advance } from './progress.js';
import { rowOf, type RowParts } from './row.js';
import { storeRows } from './store-rows.js';

/** Takes every record of every topic whole, one row a record. */
export function trace(parts: RowParts, metrics: AuditMetrics, log: Log): Ingester {
  return {
    name: 'audit',
    topics: TOPICS,
    async ingest(tx, records) {
      const rows = records.map((read) => rowOf(read, parts));
      await storeRows(tx, rows);
      const gaps = await advance(
        tx,
        records.map(({ record }) => record),
      );
      for (const { topic, partition, from, to } of gaps) {
        metrics.missing.inc({ topic }, Number(to - from) + 1);
        log.error(
          { topic, partition, from: from.toString(), to: to.toString() },
          'offsets are missing: no record was delivered for them',
        );
      }
      for (const { topic, signature } of rows)
        if (signature === 'invalid' || signature === 'absent') metrics.forged.inc({ topic, signature });
    },
  };
}

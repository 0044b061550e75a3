import { TOPICS, type RawRecord } from '@countersign/contracts';
import type { StoredRecord } from '@countersign/evidence';
import type { Ingester, Log } from '@countersign/messaging';
import { countedOf } from './figures/counted.js';
import { storeCounted } from './figures/store-counted.js';
import { openedByRule } from './incidents/opened-by-rule.js';
import { storeOpened } from './incidents/store-opened.js';
import type { AuditMetrics } from './metrics.js';
import { advance, type Gap } from './progress.js';
import { rowOf, type RowParts } from './row.js';
import { storeTerms } from './search/store-terms.js';
import { storeRows } from './store-rows.js';
import { queueLeaves, withoutLeaf } from './tree/queue-leaves.js';

/** Takes every record of every topic whole, one row a record. */
export function trace(parts: RowParts, metrics: AuditMetrics, log: Log): Ingester {
  return {
    name: 'audit',
    topics: TOPICS,
    async ingest(tx, records) {
      const rows = records.map((read) => rowOf(read, parts));
      const counted = rows.flatMap((row, index) => countedOf(row, records[index]!.incoming));
      const opened = rows.flatMap((row, index) => openedByRule(row, records[index]!.incoming));
      await Promise.all([
        storeRows(tx, rows),
        storeTerms(tx, rows),
        storeCounted(tx, counted),
        storeOpened(tx, opened),
      ]);
      const placed = records.map(({ record }, index) => ({ ...placeOf(record), row: rows[index]! }));
      const { gaps, fresh } = await advance(tx, placed);
      const isFresh = new Set(fresh);
      const again = placed.filter((each) => !isFresh.has(each)).map(({ row }) => row);
      await queueLeaves(tx, [...(await withoutLeaf(tx, again)), ...fresh.map(({ row }) => row)]);
      return () => {
        for (const gap of gaps) tellGap(gap, metrics, log);
        for (const { row } of fresh) countForged(row, metrics);
      };
    },
  };
}

function tellGap({ topic, partition, from, to }: Gap, metrics: AuditMetrics, log: Log): void {
  metrics.missing.inc({ topic }, Number(to - from) + 1);
  const missing = { topic, partition, from: from.toString(), to: to.toString() };
  log.error(missing, 'offsets are missing: no record was delivered for them');
}

function countForged({ topic, signature }: StoredRecord, metrics: AuditMetrics): void {
  if (signature === 'invalid' || signature === 'absent') metrics.forged.inc({ topic, signature });
}

const placeOf = ({ topic, partition, offset, timestamp }: RawRecord) => ({ topic, partition, offset, timestamp });

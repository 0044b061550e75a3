import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { headerLine, leafOf, leafText, rowLine, type Stored, type StoredRecord } from '@countersign/evidence';

const ATTRIBUTES = [
  'id',
  'source',
  'type',
  'time',
  'subject',
  'tenantid',
  'actorid',
  'session',
  'correlationid',
  'causationid',
] as const;

export const TRACE = '0af7651916cd43dd8448eb211c80319c';

/** An event as audit stores it. */
export function rowOf({ event, topic, partition, offset, at }: Stored): StoredRecord {
  const data = event.data as Record<string, unknown>;
  const call = (data['action'] ?? data) as Record<string, unknown>;
  const text = (value: unknown) => (typeof value === 'string' ? value : null);
  const attributes = ATTRIBUTES.map((name) => [`ce_${name}`, event[name]]);
  const isRaw = topic === 'intents';
  return {
    ...{ topic, partition, offset, appendedAt: new Date(at), key: `acme/${event.session}`, id: event.id },
    ...{ type: event.type, source: event.source, subject: event.subject, actor: event.actorid, session: event.session },
    ...{ tenant: isRaw ? 'unverified' : 'acme', claimedTenant: 'acme', intent: event.correlationid },
    ...{
      action: text(call['actionId']),
      causation: event.causationid || null,
      traceId: TRACE,
      tool: text(call['tool']),
    },
    ...{ code: text(data['code']), auditCode: null, outcome: text(data['outcome']) ?? event.type.split('.').at(-2)! },
    ...{ rules: (data['rules'] as { rule: string }[] | undefined)?.map(({ rule }) => rule) ?? [], about: ['ord_1002'] },
    ...{ value: JSON.stringify(data), headers: JSON.stringify(Object.fromEntries(attributes)) },
    ...{ signature: isRaw ? 'not-required' : 'valid', flaw: null, poisonReason: null, poisonDetail: null },
  };
}

export function archiveText(rows: StoredRecord[]): string {
  const header = {
    countersign: 'export/1',
    at: '2026-03-01T12:00:00.000Z',
    tenant: 'acme',
    origin: 'test/acme',
    from: 0,
    to: rows.length,
    frontier: [],
  } as const;
  return [
    headerLine({ ...header, frontier: [] }),
    ...rows.map((row, n) => rowLine(n, leafOf(row), leafText(row))),
  ].join('');
}

/** A day's folder as `audit archive` leaves it. */
export function writeDay(dir: string, day: string, rows: StoredRecord[]): string {
  const folder = path.join(dir, day);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'manifest.json'), JSON.stringify({ files: [{ file: 'acme.ndjson.gz' }] }));
  const file = path.join(folder, 'acme.ndjson.gz');
  writeFileSync(file, gzipSync(archiveText(rows)));
  return file;
}

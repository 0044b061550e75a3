/*
 * Says on the audit topic what became of incidents, and keeps their figures. What it guarantees:
 * 1. What is stored of an incident is told, each step once and in order, whatever this process dies of: it is marked as told in the
 *    transaction that waits for the broker's acknowledgement. Told twice after a crash, it has the same id.
 * 2. Of two instances that tell, each takes other incidents.
 */
import { eventIdOf, type EventDraft, type EventType, type OutRecord } from '@countersign/contracts';
import type { Log } from '@countersign/messaging';
import type { DataSource } from 'typeorm';
import type { AuditMetrics } from '../metrics.js';
import { overdueSince } from './clock.js';
import { caseOf, COLUMNS, type IncidentRow } from './incident-row.js';

export interface TellerParts {
  source: DataSource;
  everyMs: number;
  encode(draft: EventDraft): OutRecord;
  publish(records: OutRecord[]): Promise<void>;
  now(): Date;
  metrics: AuditMetrics;
  log: Log;
}

const AT_ONCE = 100;
/** The figures are asked for this seldom. */
const FIGURES_EVERY_MS = 10_000;

const UNTOLD = `SELECT ${COLUMNS} FROM incidents
  WHERE told < 1 + (captured_at IS NOT NULL)::int + (closed_at IS NOT NULL)::int ORDER BY opened_at LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED`;
const TOLD = `UPDATE incidents i SET told = t.told FROM unnest($1::text[], $2::text[], $3::int[]) AS t (tenant, id, told)
  WHERE i.tenant = t.tenant AND i.id = t.id`;
const FIGURES = `SELECT count(*)::int AS open, count(*) FILTER (WHERE opened_at <= $1)::int AS overdue FROM incidents WHERE captured_at IS NULL`;

export class Teller {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;
  private countedAt = -Infinity;
  private overdue = 0;

  constructor(private readonly parts: TellerParts) {}

  start(): void {
    this.timer = setTimeout(() => this.tick(), 0);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private tick(): void {
    const { log, everyMs } = this.parts;
    this.running = this.step()
      .catch((error: unknown) => {
        // An engine is away. What is not told stays so, and is with the next.
        log.warn(
          { err: error instanceof Error ? error.message : String(error) },
          'incidents are not told; tried again',
        );
      })
      .finally(() => {
        if (!this.stopped) this.timer = setTimeout(() => this.tick(), everyMs);
      });
  }

  private async step(): Promise<void> {
    while ((await this.tell()) === AT_ONCE && !this.stopped);
    if (performance.now() - this.countedAt < FIGURES_EVERY_MS) return;
    await this.count();
    this.countedAt = performance.now();
  }

  /** How many incidents something was told of. */
  private async tell(): Promise<number> {
    const { source, encode, publish, metrics } = this.parts;
    const rows = await source.transaction(async (manager) => {
      const untold = await manager.query<IncidentRow[]>(UNTOLD);
      if (untold.length === 0) return untold;
      await publish(untold.flatMap((row) => draftsOf(row).slice(row.told)).map(encode));
      const told = untold.map((row) => draftsOf(row).length);
      await manager.query(TOLD, [untold.map(({ tenant }) => tenant), untold.map(({ id }) => id), told]);
      return untold;
    });
    for (const { told, cause } of rows) if (told === 0) metrics.incidentsOpened.inc({ cause });
    return rows.length;
  }

  private async count(): Promise<void> {
    const { source, now, metrics, log } = this.parts;
    const [row] = await source.query<{ open: number; overdue: number }[]>(FIGURES, [overdueSince(now())]);
    const { open, overdue } = row!;
    metrics.incidentsOpen.set(open);
    metrics.incidentsOverdue.set(overdue);
    if (overdue > this.overdue)
      log.error({ overdue }, 'incidents are overdue: no release of their workflows until they are captured');
    this.overdue = overdue;
  }
}

/** All that there is to say of an incident, in order. */
export function draftsOf(row: IncidentRow): EventDraft[] {
  const { openedAt, openedBy, capturedAt, capturedBy, closedAt, closedBy, note, workflow, fingerprint } = row;
  const became = caseOf(row);
  const opened = {
    openedAt: openedAt.toISOString(),
    ...(openedBy && { by: openedBy }),
    ...(note !== null && { note }),
  };
  const captured = capturedAt && { capturedAt: capturedAt.toISOString(), by: capturedBy, case: became };
  const closed = closedAt && { closedAt: closedAt.toISOString(), by: closedBy, case: became, workflow, fingerprint };
  return [
    draft(row, 'countersign.audit.incident-opened.v1', openedAt, opened),
    ...(captured ? [draft(row, 'countersign.audit.incident-captured.v1', capturedAt, captured, row.caseDigest!)] : []),
    ...(closed ? [draft(row, 'countersign.audit.incident-closed.v1', closedAt, closed)] : []),
  ];
}

function draft(row: IncidentRow, type: EventType, at: Date, said: object, ...cause: string[]): EventDraft {
  const { tenant, id, intent, action, cause: why } = row;
  const { by } = said as { by?: { sub: string } };
  return {
    type,
    id: eventIdOf(type, tenant, id, ...cause),
    time: at.toISOString(),
    subject: `${tenant}/${intent}`,
    tenantid: tenant,
    actorid: by?.sub ?? '',
    session: '',
    correlationid: intent,
    causationid: '',
    data: {
      incidentId: id,
      tenant,
      intentId: intent,
      ...(action !== null && { actionId: action }),
      cause: why,
      ...said,
    },
  } as unknown as EventDraft;
}

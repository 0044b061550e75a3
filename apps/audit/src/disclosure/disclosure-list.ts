import { EVENTS, type Person } from '@countersign/contracts';
import type { erasureTold, revealTold } from '@countersign/evidence';
import { readAs } from '@countersign/migrations';
import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import { cursorText, type Cursor } from '../query.js';

/** As the partial index of these two has it, word for word. */
const TYPES = { reveals: 'countersign.audit.revealed.v1', erasures: 'countersign.audit.erased.v1' } as const;

/** Only what audit signed: `begun` knows whose request the trace is of. */
const SELECT = (
  type: string,
) => `SELECT r.id, r.value, r.appended_at AS at, r.topic, r.partition, r."offset", b.actor AS "requestedBy"
  FROM records r LEFT JOIN begun b ON b.tenant = $1 AND b.intent = r.intent
  WHERE r.tenant = $1 AND r.type = '${type}' AND r.signature = 'valid' AND r.poison_reason IS NULL
    AND ($2::timestamptz IS NULL OR (r.appended_at, r.partition, r."offset") < ($2, $3::int, $4::bigint))
  ORDER BY r.appended_at DESC, r.partition DESC, r."offset" DESC LIMIT $5`;

interface Row {
  id: string;
  value: string;
  at: Date;
  topic: string;
  partition: number;
  offset: string;
  requestedBy: string | null;
}

export interface Paging {
  limit: number;
  after: Cursor | undefined;
}
type Page<T> = { data: T[]; nextCursor: string | null };

/** Who was shown what, and who was erased, the newest first: of the days whose records are in the store. */
export class DisclosureList {
  constructor(private readonly source: DataSource) {}

  reveals(person: Person, paging: Paging): Promise<Page<z.infer<typeof revealTold>>> {
    return this.page(person, TYPES.reveals, paging, ({ id, value, requestedBy }) => {
      const { tenant: _, ...told } = EVENTS[TYPES.reveals].data.parse(JSON.parse(value));
      return { eventId: id, requestedBy, ...told };
    });
  }

  erasures(person: Person, paging: Paging): Promise<Page<z.infer<typeof erasureTold>>> {
    return this.page(person, TYPES.erasures, paging, ({ id, value }) => {
      const { tenant: _, ...told } = EVENTS[TYPES.erasures].data.parse(JSON.parse(value));
      return { eventId: id, ...told };
    });
  }

  private async page<T>({ tenant }: Person, type: string, paging: Paging, shown: (row: Row) => T): Promise<Page<T>> {
    const { limit, after } = paging;
    const place = [after?.at ?? null, after?.partition ?? null, after?.offset ?? null];
    const rows = await readAs(this.source, tenant, (manager) =>
      manager.query<Row[]>(SELECT(type), [tenant, ...place, limit + 1]),
    );
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    const nextCursor = last
      ? cursorText({ at: last.at.toISOString(), topic: last.topic, partition: last.partition, offset: last.offset })
      : null;
    return { data: page.map(shown), nextCursor };
  }
}

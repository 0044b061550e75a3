import { UNVERIFIED, type Incoming } from '@countersign/contracts';
import type { SqlTx } from '@countersign/messaging';

/*
 * What changed, for whoever looks at it now: never what it changed to. It guarantees:
 * 1. A row is written in the transaction that changes what is shown, so whoever asks again finds it changed.
 * 2. Nothing that is committed late is skipped: rows are read in the order of their transactions, and only those of transactions before
 *    which none is under way.
 * 3. A cursor that is older than what is kept, or not of this database, is answered with a reset: ask everything again.
 */
export const KINDS = ['actions', 'approvals', 'control'] as const;
export type Kind = (typeof KINDS)[number];

export interface Change {
  tx: bigint;
  id: bigint;
  /** null: everybody's. */
  tenant: string | null;
  kind: Kind;
  intentId: string | null;
  actor: string | null;
}
export type Cursor = Pick<Change, 'tx' | 'id'>;

const INSERT = `
  insert into changes (tenant, kind, intent_id, actor) select * from unnest($1::text[], $2::text[], $3::text[], $4::text[])`;
const AFTER = `
  select tx::text, id::text, tenant, kind, intent_id, actor from changes
   where (tx, id) > ($1::text::xid8, $2::bigint) and tx < pg_snapshot_xmin(pg_current_snapshot()) order by tx, id limit $3`;
const LATEST = `
  select tx::text, id::text from changes where tx < pg_snapshot_xmin(pg_current_snapshot()) order by tx desc, id desc limit 1`;
const IS_KEPT = `
  select exists (select from changes where (tx, id) <= ($1::text::xid8, $2::bigint))
     and $1::text::xid8 < pg_snapshot_xmax(pg_current_snapshot()) as kept`;
const SWEEP = `delete from changes where at < now() - interval '1 hour'`;

const tenantOf = (key: string) => key.slice(0, Math.max(0, key.indexOf('/')));

/** One row for each intent of a batch and what changed of it, however many events there are. */
export async function insertChanges(tx: SqlTx, incoming: readonly Incoming[]): Promise<void> {
  const rows = new Map<string, [string, Kind, string, string | null]>();
  for (const { event, key, record } of incoming) {
    const tenant = tenantOf(key);
    if (!('intentId' in event.data) || event.data.intentId === undefined || tenant === UNVERIFIED) continue;
    const kind = record.topic === 'approvals' ? 'approvals' : 'actions';
    const { intentId } = event.data;
    rows.set(JSON.stringify([tenant, kind, intentId]), [tenant, kind, intentId, event.actorid ?? null]);
  }
  if (rows.size > 0) await insert(tx, [...rows.values()]);
}

/** A change of switches or stages: of one tenant's, or null for all. */
export const insertControlChanges = (tx: SqlTx, tenants: readonly (string | null)[]): Promise<unknown> =>
  insert(
    tx,
    [...new Set(tenants)].map((tenant) => [tenant, 'control', null, null]),
  );

const insert = (tx: SqlTx, rows: readonly (readonly unknown[])[]) =>
  tx.query(
    'insert-changes',
    INSERT,
    [0, 1, 2, 3].map((column) => rows.map((row) => row[column])),
  );

type Row = {
  tx: string;
  id: string;
  tenant: string | null;
  kind: Kind;
  intent_id: string | null;
  actor: string | null;
};

/** What is asked of them. */
export class Changes {
  constructor(private readonly sql: SqlTx) {}

  async after({ tx, id }: Cursor, limit: number): Promise<Change[]> {
    const rows = await this.sql.query<Row>('changes-after', AFTER, [String(tx), String(id), limit]);
    return rows.map(({ tx, id, intent_id: intentId, ...rest }) => ({
      ...rest,
      tx: BigInt(tx),
      id: BigInt(id),
      intentId,
    }));
  }

  /** Where the newest stands that may be read. */
  async latest(): Promise<Cursor> {
    const [row] = await this.sql.query<{ tx: string; id: string }>('changes-latest', LATEST, []);
    return row ? { tx: BigInt(row.tx), id: BigInt(row.id) } : { tx: 0n, id: 0n };
  }

  /** Whether all that came after it is still there. */
  async isKept({ tx, id }: Cursor): Promise<boolean> {
    const [row] = await this.sql.query<{ kept: boolean }>('changes-kept', IS_KEPT, [String(tx), String(id)]);
    return row?.kept ?? false;
  }

  async sweep(): Promise<void> {
    await this.sql.query('sweep-changes', SWEEP, []);
  }
}

export const isAfter = (a: Cursor, b: Cursor): boolean => a.tx > b.tx || (a.tx === b.tx && a.id > b.id);

export const cursorText = ({ tx, id }: Cursor): string => `${tx}-${id}`;

/** undefined for what is no cursor of ours. */
export function cursorOf(text: string | undefined): Cursor | undefined {
  const found = /^(\d{1,18})-(\d{1,18})$/.exec(text ?? '');
  return found ? { tx: BigInt(found[1]!), id: BigInt(found[2]!) } : undefined;
}

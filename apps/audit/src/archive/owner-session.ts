import { roleName } from '@countersign/migrations';
import type { Signer } from '@countersign/signing';
import type { KeyObject } from 'node:crypto';
import pg from 'pg';
import type { Rows } from '../tree/rows.js';
import { ArchiveRefused } from './refused.js';

const SCHEMA = 'audit';
/** Held as long as the session lives: two of them would write the same days. */
const ONE_AT_A_TIME = `SELECT pg_try_advisory_lock(hashtext('countersign.${SCHEMA}.archive')) AS taken`;
const LOCK_NOT_AVAILABLE = '55P03';
const DEADLOCK = '40P01';
const ATTEMPTS = 10;
const QUICKLY = `SET LOCAL lock_timeout = '2s'`;

export interface ArchiveKeys {
  signer: Signer;
  /** That of now, and those before it. */
  trusted: readonly KeyObject[];
}

/** A connection of the owner's to the trace store. What row-level security would hide is an error, not a row less. */
export class OwnerSession implements Rows {
  private constructor(
    readonly client: pg.Client,
    private readonly service: string,
    /** Row-level security does not hold a superuser. */
    private readonly walled: boolean,
    /** Audit's: what it signed, and what says that records were taken out. */
    readonly keys: ArchiveKeys,
  ) {}

  static async open(databaseUrl: string, keys: ArchiveKeys): Promise<OwnerSession> {
    const options = `-c search_path=${SCHEMA} -c timezone=UTC -c row_security=off`;
    const client = new pg.Client({ connectionString: databaseUrl, options, application_name: 'countersign-archive' });
    await client.connect();
    try {
      const { rows } = await client.query<{ database: string; walled: boolean }>(
        `SELECT current_database() AS database, NOT (rolsuper OR rolbypassrls) AS walled FROM pg_roles WHERE rolname = current_user`,
      );
      const { database, walled } = rows[0]!;
      const session = new OwnerSession(client, roleName(database, SCHEMA), walled, keys);
      await session.begin();
      return session;
    } catch (error) {
      await client.end();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.client.end();
  }

  async query<T>(statement: string, values: unknown[] = []): Promise<T> {
    return (await this.client.query(statement, values)).rows as T;
  }

  /** Reads a table as if it had no wall: in a transaction that ends by putting it up again. */
  beyondWall<T>(table: string, work: () => Promise<T>): Promise<T> {
    return this.transaction([QUICKLY, ...this.lowered(table)], work, 'ROLLBACK');
  }

  /** Changes tables, `locked` first: whoever asks for more than one of them locks it first too. */
  change(locked: string, tables: string[], work: () => Promise<void>): Promise<void> {
    const walls = tables.flatMap((table) => this.lowered(table));
    return this.transaction([QUICKLY, `LOCK TABLE ${locked} IN ACCESS EXCLUSIVE MODE`, ...walls], work, 'COMMIT');
  }

  /** Changes a table that others write to: its wall is down for the owner meanwhile, and no longer. */
  async changeInUse(table: string, work: () => Promise<void>): Promise<void> {
    const wall = (to: string[]) => this.transaction([QUICKLY, ...to], () => Promise.resolve(), 'COMMIT');
    await wall(this.lowered(table));
    try {
      await work();
    } finally {
      await wall(this.raised(table));
    }
  }

  /** With the end of a transaction that changes nothing else, or by `raised`, it stands again. */
  private lowered(table: string): string[] {
    return this.walled ? [`ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY`] : [];
  }

  raised(table: string): string[] {
    return this.walled ? [`ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`] : [];
  }

  /** Reads what the service may read. */
  async asService<T>(work: () => Promise<T>): Promise<T> {
    const role = this.walled ? [`SET LOCAL ROLE "${this.service}"`, `SET LOCAL row_security = on`] : [];
    return this.transaction(['SET TRANSACTION READ ONLY', ...role], work, 'ROLLBACK');
  }

  private async begin(): Promise<void> {
    const { rows } = await this.client.query<{ taken: boolean }>(ONE_AT_A_TIME);
    if (!rows[0]!.taken)
      throw new ArchiveRefused('BUSY', 'Another process archives this store.', 'Wait until it has ended.');
    if (!this.walled) return;
    const may = await this.client.query<{ may: boolean }>(`SELECT pg_has_role(current_user, $1, 'SET') AS may`, [
      this.service,
    ]);
    if (!may.rows[0]!.may)
      await this.client.query(`GRANT "${this.service}" TO CURRENT_USER WITH INHERIT FALSE, SET TRUE`);
  }

  /** Tried again where it would have had to wait long for others. */
  private async transaction<T>(first: string[], work: () => Promise<T>, end: 'COMMIT' | 'ROLLBACK'): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      await this.client.query('BEGIN');
      try {
        for (const statement of first) await this.client.query(statement);
        const result = await work();
        await this.client.query(end);
        return result;
      } catch (error) {
        await this.client.query('ROLLBACK');
        const { code } = error as { code?: string };
        if ((code !== LOCK_NOT_AVAILABLE && code !== DEADLOCK) || attempt === ATTEMPTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }
}

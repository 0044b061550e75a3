import type { Pool } from 'pg';
import type { RecordSeen } from './reads.js';

export interface Access {
  at: Date;
  tenant?: string;
  method: string;
  path: string;
  record?: string;
  /** What was shown or changed, with its version. */
  records: RecordSeen[];
  status?: number;
  dropped: boolean;
  replayed: boolean;
  idempotencyKey?: string;
  actor?: string;
}

const COLUMNS = `(values ->> 'at')::timestamptz, values ->> 'tenant', values ->> 'method', values ->> 'path', values ->> 'record',
  (values ->> 'status')::int, (values ->> 'dropped')::boolean, (values ->> 'replayed')::boolean,
  values ->> 'idempotencyKey', values ->> 'actor', values -> 'records'`;
const INSERT = `insert into access_log (at, tenant, method, path, record, status, dropped, replayed, idempotency_key, actor, records)
  select ${COLUMNS} from jsonb_array_elements($1::jsonb) with ordinality as entry (values, n) order by n`;

/** Every request of /v1, written in batches so that it costs a request nothing. A crash may lose the last ones, never the ledger. */
export class AccessLog {
  private waiting: Access[] = [];
  private timer?: NodeJS.Timeout;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly pool: Pool,
    private readonly onError: (error: unknown) => void,
  ) {}

  add(access: Access): void {
    this.waiting.push(access);
    this.timer ??= setTimeout(() => void this.flush().catch(this.onError), 100);
  }

  /** Resolves when all that was added before is stored; what could not be is kept for the next flush. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const write = () => this.write();
    this.writing = this.writing.then(write, write);
    return this.writing;
  }

  private async write(): Promise<void> {
    const batch = this.waiting;
    if (batch.length === 0) return;
    this.waiting = [];
    try {
      await this.pool.query({ name: 'access-log', text: INSERT, values: [JSON.stringify(batch)] });
    } catch (error) {
      this.waiting = [...batch, ...this.waiting];
      throw error;
    }
  }
}

import type { Rows } from './rows.js';

export interface Note {
  size: number;
  note: string;
}

const SELECT = 'SELECT size::float8 AS size, note FROM checkpoints c WHERE tenant = $1 AND origin = $2';

/** The stored checkpoints of one tree. */
export class Notes {
  constructor(
    private readonly rows: Rows,
    private readonly tenant: string,
    private readonly origin: string,
  ) {}

  async newest(): Promise<Note | undefined> {
    return (await this.ask('ORDER BY c.size DESC LIMIT 1'))[0];
  }

  /** The first over that many leaves or more. */
  async from(size: number): Promise<Note | undefined> {
    return (await this.ask('AND c.size >= $3 ORDER BY c.size LIMIT 1', size))[0];
  }

  /** Those over more than `from` leaves, and no more than `to`. */
  within(from: number, to: number): Promise<Note[]> {
    return this.ask('AND c.size > $3 AND c.size <= $4 ORDER BY c.size', from, to);
  }

  private ask(which: string, ...sizes: number[]): Promise<Note[]> {
    return this.rows.query<Note[]>(`${SELECT} ${which}`, [this.tenant, this.origin, ...sizes]);
  }
}

import { Pool } from 'undici';
import type { JsonObject } from '@countersign/contracts';

/** A line of the ledger, as the target writes it. */
export interface LedgerLine {
  kind: string;
  record: string;
  amount?: string;
  currency?: string;
}
export interface AccessLine {
  method: string;
  status?: number;
  records?: { type: string; id: string }[];
}

export interface Fixtures {
  people: Record<string, { roles: readonly string[] }>;
  records: { type: string; id: string; fields: JsonObject }[];
}

const CONNECTIONS = 16;
const TIMEOUT_MS = 10_000;

/**
 * A target that was started with fixtures on: it makes tenants with what a case is given, and tells what was done in them. What it
 * offers for that is written in docs/evals.md.
 */
export class SystemOfRecord {
  private readonly pool: Pool;

  constructor(
    readonly name: string,
    readonly url: string,
    private readonly secret: string,
  ) {
    this.pool = new Pool(new URL(url).origin, { connections: CONNECTIONS });
  }

  /** What the executor shows for a tenant. */
  readonly tokenFor = async (_target: string, tenant: string): Promise<string> => `${this.secret}.${tenant}`;

  async prepare(tenant: string, fixtures: Fixtures): Promise<void> {
    await this.ask('PUT', `/fixtures/${tenant}`, fixtures);
  }

  async change(tenant: string, type: string, id: string, fields: JsonObject): Promise<void> {
    await this.ask('PATCH', `/fixtures/${tenant}/${encodeURIComponent(type)}/${encodeURIComponent(id)}`, { fields });
  }

  ledger(tenant: string): Promise<LedgerLine[]> {
    return this.lines<LedgerLine>(`/ledger?tenant=${tenant}`);
  }

  accessLog(tenant: string): Promise<AccessLine[]> {
    return this.lines<AccessLine>(`/access-log?tenant=${tenant}`);
  }

  stop(): Promise<void> {
    return this.pool.destroy();
  }

  private async lines<T>(path: string): Promise<T[]> {
    const text = await this.ask('GET', path);
    return text.split('\n').flatMap((line) => (line ? [JSON.parse(line) as T] : []));
  }

  private async ask(method: 'GET' | 'PUT' | 'PATCH', path: string, body?: object): Promise<string> {
    const headers = { authorization: `Bearer ${this.secret}`, ...(body && { 'content-type': 'application/json' }) };
    const limits = { headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS };
    const sent = body ? JSON.stringify(body) : null;
    const answer = await this.pool.request({ method, path, headers, body: sent, ...limits }).catch((error: Error) => {
      throw new Error(`${this.name} does not answer ${method} ${path}: ${error.message}`, { cause: error });
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300)
      throw new Error(`${this.name} answers ${method} ${path} with ${answer.statusCode}: ${text.slice(0, 300)}`);
    return text;
  }
}

import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import type { Json, JsonObject } from '@countersign/contracts';
import { freePort, testDatabase, until, type TestDatabase } from '@countersign/testing';
import { parseInput, type CommitContext, type Tool } from '@countersign/tool-sdk';
import { httpTarget } from '@countersign/tool-sdk/testing';

const ROOT = path.resolve(import.meta.dirname, '../../../..');
const TOKENS = { acme: 'a-token-of-acme-0001', globex: 'a-token-of-globex-01' };
const RECORDS = ['orders', 'refunds', 'tickets', 'replies', 'members', 'customers', 'ledger', 'idempotency'];
const STATE = RECORDS.map((table) => `'${table}', (select sum(hashtextextended(r::text, 0))::text from ${table} r)`);

interface Asked {
  tenant?: keyof typeof TOKENS;
  actor?: string;
  key?: string;
  basis?: JsonObject;
  mayTouchRestricted?: boolean;
}

/** The real helpdesk as a process on a database of its own, and the tools' handles on it. */
export class Desk {
  url: string;
  private readonly dir = mkdtempSync(path.join(tmpdir(), 'support-desk-'));
  private database: TestDatabase;
  private pool: pg.Pool;
  private helpdesk: ChildProcess;
  private orders = 11_000;
  private customers = 5_010;

  static async open(): Promise<Desk> {
    const desk = new Desk();
    desk.database = await testDatabase();
    desk.pool = new pg.Pool({ connectionString: desk.database.url, max: 2 });
    mkdirSync(path.join(desk.dir, 'helpdesk'));
    for (const [tenant, token] of Object.entries(TOKENS))
      writeFileSync(path.join(desk.dir, 'helpdesk', `${tenant}.token`), token);
    await desk.start();
    return desk;
  }

  private async start(): Promise<void> {
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    const settings = { PORT: String(port), DATABASE_URL: this.database.url, HELPDESK_TOKENS_DIR: this.dir };
    this.helpdesk = spawn(process.execPath, [path.join(ROOT, 'apps/helpdesk/dist/main.js')], {
      env: { PATH: process.env['PATH'] ?? '', LOG_LEVEL: 'error', ...settings },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const isUp = () =>
      fetch(`${this.url}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    await until(isUp, { what: 'helpdesk to be ready' });
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.helpdesk.once('exit', resolve));
    this.helpdesk.kill('SIGKILL');
    await ended;
    await this.pool.end();
    await this.database.drop();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** An order of 1000.00 EUR, and a customer without ties, that nothing else has touched. */
  freshOrder = (): string => `ord_${this.orders++}`;
  freshCustomer = (): string => `cus_${this.customers++}`;

  target = ({ tenant = 'acme', actor = 'alice', key }: Asked = {}) =>
    httpTarget({ url: this.url, token: TOKENS[tenant], actor, key });

  context(asked: Asked = {}): CommitContext {
    const { tenant = 'acme', actor = 'alice', key = '', basis = {}, mayTouchRestricted = false } = asked;
    const signal = AbortSignal.timeout(30_000);
    const now = () => new Date();
    return { tenant, actor, target: this.target(asked), signal, mayTouchRestricted, now, idempotencyKey: key, basis };
  }

  preview = (tool: Tool, args: object, asked: Asked = {}) => tool.preview!(this.context(asked), checked(tool, args));
  read = (tool: Tool, args: object, asked: Asked = {}) => tool.read!(this.context(asked), checked(tool, args));
  commit = (tool: Tool, args: object, asked: Asked = {}) =>
    tool.commit!(this.context({ key: randomUUID(), ...asked }), checked(tool, args));

  /** Somebody else changes a record at helpdesk. */
  async change(record: string, body: object): Promise<void> {
    const { status } = await this.target({ key: randomUUID() }).request({
      method: 'PATCH',
      path: `/v1/${record}`,
      body: body as Json,
      headers: { 'countersign-restricted': 'allowed' },
    });
    if (status >= 300) throw new Error(`helpdesk answered ${status}`);
  }

  async refundsOf(orderId: string): Promise<string[]> {
    const text = 'select amount::text as amount from refunds where order_id = $1 order by id';
    return (await this.pool.query(text, [orderId])).rows.map(({ amount }) => amount);
  }

  /** Everything a tool could change, as one value. */
  state = async (): Promise<Json> =>
    (await this.pool.query(`select jsonb_build_object(${STATE.join(', ')}) as state`)).rows[0].state;
}

function checked({ contract }: Tool, args: object): Record<string, unknown> {
  const parsed = parseInput(contract, args);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
}

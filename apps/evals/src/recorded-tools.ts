import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TOOLS_PATH } from '@countersign/mcp-tools';
import type { Fixtures, LedgerLine } from './system-of-record.js';

interface Tenant {
  /** By the tool's own name: what it answers; a tool that the case does not speak of answers `done`. */
  answers: Map<string, string>;
  ledger: LedgerLine[];
}

/**
 * Stands in for somebody else's tool server, which no case may act on: it takes what the executor sends it as the server would be sent,
 * answers what the case recorded and writes down what it was asked to do. `given.records: [{ type: answer, id: TOOL, fields: { text: … } }]`
 * is what a tool answers; `effects: [{ kind: TOOL }]` that it was called to act.
 */
export class RecordedTools {
  readonly secret = randomBytes(24).toString('base64url');
  private readonly tenants = new Map<string, Tenant>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<RecordedTools> {
    const server = createServer((request, response) => {
      void bodyOf(request).then((body) => tools.answer(request, body, response));
    });
    const tools = new RecordedTools(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return tools;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private answer({ method, url = '/', headers }: IncomingMessage, body: string, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(url, 'http://recorded');
    const [, secret, tenant] = /^Bearer ([\w-]+)(?:\.(.+))?$/.exec(headers.authorization ?? '') ?? [];
    if (secret !== this.secret) return end(response, 401);
    if (tenant !== undefined && pathname.startsWith(TOOLS_PATH))
      return this.called(tenant, decodeURIComponent(pathname.slice(TOOLS_PATH.length)), method === 'POST', response);
    const asked = this.tenants.get(searchParams.get('tenant') ?? '');
    if (pathname === '/ledger') return end(response, 200, linesOf(asked?.ledger));
    // What a server gives out is no record of ours.
    if (pathname === '/access-log') return end(response, 200);
    const [, made, , id] = /^\/fixtures\/([^/]+)(?:\/([^/]+)\/([^/]+))?$/.exec(pathname) ?? [];
    if (made === undefined) return end(response, 404);
    this.given(made, id === undefined ? (JSON.parse(body) as Fixtures) : { people: {}, records: [changed(id, body)] });
    return end(response, 204);
  }

  private given(tenant: string, { records }: Fixtures): void {
    const { answers, ledger } = this.tenants.get(tenant) ?? { answers: new Map<string, string>(), ledger: [] };
    for (const { id, fields } of records) answers.set(decodeURIComponent(id), String(fields['text'] ?? ''));
    this.tenants.set(tenant, { answers, ledger });
  }

  private called(name: string, tool: string, acts: boolean, response: ServerResponse): void {
    const tenant = this.tenants.get(name);
    if (!tenant) return end(response, 404);
    if (acts) tenant.ledger.push({ kind: tool, record: '' });
    const text = tenant.answers.get(tool) ?? 'done';
    return end(response, 200, JSON.stringify({ content: [{ type: 'text', text }] }));
  }
}

const changed = (id: string, body: string): Fixtures['records'][number] => ({
  type: 'answer',
  id,
  ...(JSON.parse(body) as { fields: Fixtures['records'][number]['fields'] }),
});

const linesOf = (lines: readonly object[] = []) => lines.map((line) => `${JSON.stringify(line)}\n`).join('');

function end(response: ServerResponse, status: number, body = ''): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

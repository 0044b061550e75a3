import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { World } from '../world.js';
import type { Dealer } from './dealer.js';
import type { Place } from './places.js';

const TOKEN = 'of-this-proof-alone';

interface Said {
  status: number;
  body: string;
  type?: string;
}

/**
 * What stands around a system: a collector of spans and a receiver of webhooks, which keep what they are told, and a system of record
 * that quotes personal values in whatever it answers.
 */
export class Outside {
  readonly #told: Place[] = [];
  readonly #invoices = new Map<string, Said>();

  private constructor(private readonly server: Server) {}

  static async open(): Promise<Outside> {
    const server = createServer((request, response) => void outside.take(request, response));
    const outside = new Outside(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return outside;
  }

  /** What services have to be told of it. */
  get env(): Record<string, string> {
    const url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return {
      BILLING_URL: url,
      COUNTERSIGN_WEBHOOK_URL: `${url}/webhook`,
      COUNTERSIGN_WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_BSP_SCHEDULE_DELAY: '200',
    };
  }

  letIn({ system }: World): void {
    const folder = path.join(system.dataDir, 'credentials', 'billing');
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'acme.token'), TOKEN);
  }

  /** Invoices to ask for, each with an answer that quotes values of its own. */
  invoices(dealer: Dealer): string[] {
    const one = (what: string) => dealer.one(`a target's ${what}`);
    const json = (status: number, body: object): Said => ({ status, body: JSON.stringify(body) });
    const invoice = {
      version: 1,
      fee: { amount: '90.00', currency: 'EUR' },
      waived: { amount: '0.00', currency: 'EUR' },
    };
    const holder = dealer.one("a target's personal field", { kinds: ['name'] });
    const answers = Array.from({ length: dealer.share }, () => [
      json(422, { detail: `the invoice of ${one('refusal')} is closed` }),
      json(400, { code: one('code'), detail: one('refusal') }),
      { status: 500, body: `<h1>${one('error page')}</h1>`, type: 'text/html' },
      { status: 200, body: `{"holder": "${one('half an answer')}`, type: 'application/json' },
      json(200, { ...invoice, id: 'inv_1', holder, note: one('unknown field') }),
      json(200, { ...invoice, id: one('answer of another form'), holder: one('personal field') }),
    ]).flat();
    return answers.map((said, n) => {
      const id = `inv_${n + 1}`;
      this.#invoices.set(id, said);
      return id;
    });
  }

  async *told(): AsyncGenerator<Place> {
    yield* this.#told;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { url = '', headers } = request;
    const { status, body, type = 'application/json' } = this.answer(url, `Bearer ${TOKEN}` === headers.authorization);
    // What the executor says to its target is what it was asked to say there.
    if (!url.startsWith('/invoices')) this.keep(url, Buffer.concat(chunks));
    response.writeHead(status, { 'content-type': type }).end(body);
  }

  private keep(url: string, body: Buffer): void {
    const kind = url === '/webhook' ? 'webhooks' : 'spans';
    this.#told.push({ kind, where: url, text: body.toString('utf8') });
  }

  private answer(url: string, isKnown: boolean): Said {
    const id = url.replace('/invoices/', '');
    const invoice = this.#invoices.get(id);
    if (!url.startsWith('/invoices')) return { status: 200, body: '{}' };
    // What is no answer is asked for again: then there is no such invoice.
    if (isKnown && invoice) this.#invoices.delete(id);
    return (isKnown && invoice) || { status: 404, body: '{}' };
  }
}

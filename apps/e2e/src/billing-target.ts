import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Decimal } from 'decimal.js';

interface Invoice {
  id: string;
  version: number;
  holder: string;
  fee: { amount: string; currency: string };
  waived: { amount: string; currency: string };
}
interface Waiver {
  waiver: { waiverId: string; invoiceId: string; amount: string; currency: string };
  before: Invoice;
  after: Invoice;
}

const eur = (amount: string) => ({ amount, currency: 'EUR' });

/** A second system of record, of which no service knows: invoices and their waivers, by idempotency key. */
export class BillingTarget {
  readonly invoices = new Map<string, Invoice>(
    ['inv_7001', 'inv_7002', 'inv_7003'].map((id) => [
      id,
      { id, version: 1, holder: 'Nora Nowak', fee: eur('90.00'), waived: eur('0.00') },
    ]),
  );
  readonly waivers = new Map<string, Waiver>();
  readonly requests: { method: string; path: string; key: string | undefined; actor: string | undefined }[] = [];

  private constructor(
    private readonly server: Server,
    private readonly token: string,
  ) {}

  static async open(token: string): Promise<BillingTarget> {
    const server = createServer((request, response) => void target.take(request, response));
    const target = new BillingTarget(server, token);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return target;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '' } = request;
    const key = request.headers['idempotency-key'] as string | undefined;
    this.requests.push({ method, path, key, actor: request.headers['countersign-actor'] as string | undefined });
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { status, body } =
      request.headers.authorization === `Bearer ${this.token}`
        ? this.answer(method, path, key, Buffer.concat(chunks).toString())
        : { status: 401, body: { detail: 'who are you?' } };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  private answer(
    method: string,
    path: string,
    key: string | undefined,
    body: string,
  ): { status: number; body: unknown } {
    const [, kind, id = ''] = path.split('/');
    const found = kind === 'invoices' ? this.invoices.get(id) : this.waivers.get(id);
    if (method === 'GET') return found ? { status: 200, body: found } : { status: 404, body: { detail: 'not here' } };
    if (!key) return { status: 400, body: { detail: 'Idempotency-Key is required' } };
    const known = this.waivers.get(key);
    return known
      ? { status: 200, body: known }
      : this.waive(key, JSON.parse(body) as Waiver['waiver'] & { ifVersion?: number });
  }

  private waive(key: string, { invoiceId, amount, currency, ifVersion }: Waiver['waiver'] & { ifVersion?: number }) {
    const before = this.invoices.get(invoiceId);
    if (!before) return { status: 404, body: { detail: 'not here' } };
    if (ifVersion !== undefined && ifVersion !== before.version)
      return { status: 412, body: { detail: 'the invoice has moved' } };
    const waived = { amount: new Decimal(before.waived.amount).plus(amount).toFixed(2), currency };
    const after = { ...before, version: before.version + 1, waived };
    const done: Waiver = {
      waiver: { waiverId: `wai_${this.waivers.size + 1}`, invoiceId, amount, currency },
      before,
      after,
    };
    this.invoices.set(invoiceId, after);
    this.waivers.set(key, done);
    return { status: 201, body: done };
  }
}

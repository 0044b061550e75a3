import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Json } from '@countersign/contracts';

interface Invoice {
  id: string;
  version: number;
  fee: string;
  waived: string;
}
type Answer = [status: number, body: Json];

/** A small billing system over HTTP that keeps what it promises: idempotency keys, conditional writes, a ledger. */
export class Billing {
  private readonly server = createServer((request, response) => {
    void this.answer(request).then(([status, body]) => response.writeHead(status).end(JSON.stringify(body)));
  });
  private readonly invoices = new Map<string, Invoice>();
  private readonly byKey = new Map<string, { request: string; answer: Json }>();
  private readonly ledger: Json[] = [];
  /** What it forgets to keep, so that a suite can be seen to notice. */
  forgets: { keys?: boolean; versions?: boolean } = {};

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  newInvoice(): string {
    const id = `inv_${7000 + this.invoices.size}`;
    this.invoices.set(id, { id, version: 1, fee: '12.00', waived: '0.00' });
    return id;
  }

  state = (): Promise<Json> =>
    Promise.resolve({ invoices: [...this.invoices.values()].map((one) => ({ ...one })), ledger: [...this.ledger] });

  private async answer(request: IncomingMessage): Promise<Answer> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const [, kind, id = ''] = (request.url ?? '').split('/');
    if (kind === 'invoices') return found(this.invoices.get(id));
    if (request.method === 'GET') return found(this.byKey.get(id)?.answer);
    const key = request.headers['idempotency-key'];
    if (typeof key !== 'string') return [400, { code: 'IDEMPOTENCY_KEY_REQUIRED' }];
    return this.waive(key, Buffer.concat(chunks).toString());
  }

  private waive(key: string, request: string): Answer {
    const known = this.forgets.keys ? undefined : this.byKey.get(key);
    if (known) return known.request === request ? [201, known.answer] : [422, { code: 'IDEMPOTENCY_CONFLICT' }];
    const { invoiceId, amount, ifVersion } = JSON.parse(request) as Record<string, string>;
    const before = this.invoices.get(invoiceId ?? '');
    if (!before) return [404, { code: 'NOT_FOUND' }];
    if (!this.forgets.versions && Number(ifVersion) !== before.version) return [412, { code: 'VERSION_CONFLICT' }];
    const waived = (Number(before.waived) + Number(amount)).toFixed(2);
    const after = { ...before, version: before.version + 1, waived };
    this.invoices.set(after.id, after);
    const answer = {
      waiverId: `wv_${this.ledger.push({ key, invoiceId: after.id, amount: amount ?? '' })}`,
      before,
      after,
    };
    this.byKey.set(key, { request, answer: answer as unknown as Json });
    return [201, answer as unknown as Json];
  }
}

const found = (body: unknown): Answer => (body === undefined ? [404, { code: 'NOT_FOUND' }] : [200, body as Json]);

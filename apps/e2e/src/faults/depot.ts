import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Effect } from './checker/history.js';

const KINDS: Readonly<Record<string, string>> = { pickups: 'pickup', notes: 'note', letters: 'letter' };
interface Answer {
  status: number;
  body: object;
}
const said = (status: number, code: string): Answer => ({ status, body: { code } });

/**
 * A second system of record, of this process: pickups by unique reference (class B), notes that can be searched by theirs (C) and letters
 * nobody can ask about (D). It keeps no idempotency keys. It holds `Countersign-Not-After` against its clock, and loses some answers
 * after their effect.
 */
export class Depot {
  readonly effects: Effect[] = [];
  readonly #references = new Map<string, Effect>();

  private constructor(
    private readonly server: Server,
    private readonly token: string,
    private readonly losesAnswer: () => boolean,
  ) {}

  static async open(token: string, losesAnswer: () => boolean): Promise<Depot> {
    const server = createServer((request, response) => void depot.take(request, response));
    const depot = new Depot(server, token, losesAnswer);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return depot;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  has(idempotencyKey: string): boolean {
    return this.effects.some((effect) => effect.idempotencyKey === idempotencyKey);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return; // it went away before it had said what it wants
    }
    const before = this.effects.length;
    const { status, body } = this.answer(request, Buffer.concat(chunks).toString());
    if (this.effects.length > before && this.losesAnswer()) return void request.socket.destroy();
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  private answer({ method, url = '', headers }: IncomingMessage, text: string): Answer {
    if (headers.authorization !== `Bearer ${this.token}`) return said(401, 'UNAUTHENTICATED');
    const [, path = '', reference = ''] = url.split('/');
    const kind = KINDS[path];
    if (!kind) return said(404, 'NOT_FOUND');
    if (method === 'GET') return this.lookedUp(kind, reference);
    const now = Date.now();
    if (now > Number(headers['countersign-not-after'] ?? Infinity)) return said(412, 'TOO_LATE');
    const body = JSON.parse(text) as { parcelId: string; reference: string };
    if (kind === 'pickup' && this.#references.has(body.reference)) return said(409, 'REFERENCE_TAKEN');
    return this.act(kind, body, String(headers['idempotency-key']), now);
  }

  private lookedUp(kind: string, reference: string): Answer {
    const found = kind === 'letter' ? undefined : this.#references.get(reference);
    return found ? { status: 200, body: { parcelId: found.record, reference } } : said(404, 'NOT_FOUND');
  }

  private act(kind: string, body: { parcelId: string; reference: string }, key: string, now: number): Answer {
    const effect = { ledger: 'depot', seq: this.effects.length + 1, startedAt: now, tenant: 'acme', kind };
    const made: Effect = { ...effect, record: body.parcelId, idempotencyKey: key };
    this.effects.push(made);
    this.#references.set(body.reference, made);
    return { status: 201, body };
  }
}

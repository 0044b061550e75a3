import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: unknown;
}

/** `drop`: the connection ends without an answer. `hold`: none comes until the server closes. */
export type Scripted = { status: number; headers?: Record<string, string>; body: unknown } | 'drop' | 'hold';

/** Answers over real HTTP what a test says, one a request and the last for ever: how a gateway fails is not to be had from a healthy one. */
export class ScriptedGateway {
  readonly asked: Asked[] = [];
  onAsked: (asked: Asked) => void = () => undefined;
  readonly #server: Server;
  #script: Scripted[] = [];

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const { method = '', url = '', headers } = request;
        const asked = { method, path: url, headers, body: text ? JSON.parse(text) : undefined };
        this.asked.push(asked);
        this.#answer(response);
        this.onAsked(asked);
      });
    });
  }

  static async open(): Promise<ScriptedGateway> {
    const gateway = new ScriptedGateway();
    gateway.#server.listen(0, '127.0.0.1');
    await once(gateway.#server, 'listening');
    return gateway;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  answers(...script: Scripted[]): void {
    this.#script = script;
    this.asked.length = 0;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #answer(response: ServerResponse): void {
    const next = this.#script.length > 1 ? this.#script.shift() : this.#script[0];
    if (next === undefined || next === 'drop') return void response.destroy();
    if (next === 'hold') return;
    const body = typeof next.body === 'string' ? next.body : JSON.stringify(next.body);
    response.writeHead(next.status, { 'content-type': 'application/json', ...next.headers }).end(body);
  }
}

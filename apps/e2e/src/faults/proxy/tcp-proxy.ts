/*
 * What a proxy guarantees:
 * 1. Without harm every byte and every end goes through as it came, in order.
 * 2. Harm comes to each connection that `chosen` picks, of those that stand and of those that are made while it lasts (harm.ts).
 * 3. `pass` takes it back: nothing that was read is lost but by the harm that says so.
 * 4. `close` leaves no connection and no listener.
 */
import { once } from 'node:events';
import net from 'node:net';
import type { Harm, Harmed } from './harm.js';
import { Wire } from './wire.js';

interface Loose {
  harm: Harm;
  chosen: () => boolean;
  harmed: Harmed;
}

/** Harm that is done to connections as they stand leaves those that come after alone. */
const ON_NEW_ONES: readonly Harm['tag'][] = ['latency', 'stall', 'drop-answer'];

/** Listens on a port of 127.0.0.1 and leads to another. */
export class TcpProxy {
  readonly #wires = new Set<Wire>();
  #server: net.Server | undefined;
  #loose: Loose | undefined;

  private constructor(
    private listensAt: number,
    private readonly target: number,
  ) {}

  get port(): number {
    return this.listensAt;
  }

  /** @param port 0: a free one. */
  static async listen(port: number, target: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(port, target);
    await proxy.open();
    return proxy;
  }

  get connections(): number {
    return this.#wires.size;
  }

  /** Lets a harm loose, instead of the one before. What it answers is counted on until it is taken back. */
  async harm(harm: Harm, chosen: () => boolean = () => true): Promise<Harmed> {
    await this.pass();
    const harmed: Harmed = { connections: 0, waiting: 0, bytes: 0 };
    this.#loose = { harm, chosen, harmed };
    if (harm.tag === 'refuse') this.shut();
    for (const wire of [...this.#wires]) if (harm.tag === 'refuse' || chosen()) wire.begin(harm, harmed);
    return harmed;
  }

  async pass(): Promise<void> {
    this.#loose = undefined;
    for (const wire of [...this.#wires]) wire.pass();
    if (!this.#server) await this.open();
  }

  async close(): Promise<void> {
    this.#loose = undefined;
    for (const wire of [...this.#wires]) wire.cut();
    const server = this.#server;
    this.shut();
    if (server) await once(server, 'close');
  }

  private async open(): Promise<void> {
    const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.accept(client));
    this.#server = server.listen(this.listensAt, '127.0.0.1');
    await once(server, 'listening');
    this.listensAt = (server.address() as net.AddressInfo).port;
  }

  private shut(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  private accept(client: net.Socket): void {
    const wire: Wire = new Wire(client, this.target, () => this.#wires.delete(wire));
    this.#wires.add(wire);
    const loose = this.#loose;
    if (loose && ON_NEW_ONES.includes(loose.harm.tag) && loose.chosen()) wire.begin(loose.harm, loose.harmed);
  }
}

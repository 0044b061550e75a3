import net from 'node:net';
import type { Harm, Harmed } from './harm.js';

type Side = 'client' | 'server';
type Doing = Harm | { tag: 'pass' };

const PASS: Doing = { tag: 'pass' };

/** As much as a socket would take from a peer whose other end does not read. */
const HELD_BYTES = 262_144;

/** One way of a connection: what comes at `from` goes to `to`, in order, after the delay that was in force when it came. */
class Lane {
  #stalled = false;
  #held: (() => void)[] = [];
  #heldBytes = 0;
  #full = false;
  #ended = false;
  #lastDue = 0;
  #queued = 0;

  constructor(
    private readonly from: net.Socket,
    private readonly to: net.Socket,
  ) {
    to.on('drain', () => {
      this.#full = false;
      this.flow();
    });
  }

  stall(): void {
    this.#stalled = true;
  }

  goOn(): void {
    this.#stalled = false;
    this.#heldBytes = 0;
    for (const step of this.#held.splice(0)) step();
    this.flow();
  }

  pass(chunk: Buffer, delayMs: number): void {
    if (this.#stalled) this.#heldBytes += chunk.length;
    this.after(delayMs, () => {
      if (this.to.writable && !this.to.write(chunk)) this.#full = true;
    });
    this.flow();
  }

  end(delayMs: number): void {
    if (this.#ended) return;
    this.#ended = true;
    this.after(delayMs, () => this.to.end());
  }

  /** Reads on, or not. */
  private flow(): void {
    if (this.#full || this.#heldBytes > HELD_BYTES) this.from.pause();
    else this.from.resume();
  }

  private after(delayMs: number, step: () => void): void {
    if (this.#stalled) return void this.#held.push(step);
    const now = performance.now();
    const due = Math.max(now + delayMs, this.#lastDue);
    if (this.#queued === 0 && due <= now) return step();
    this.#lastDue = due;
    this.#queued += 1;
    setTimeout(() => {
      this.#queued -= 1;
      step();
      this.flow();
    }, due - now);
  }
}

/** A connection through the proxy: the one that was accepted and the one that was made for it. */
export class Wire {
  readonly #server: net.Socket;
  readonly #lanes: Record<Side, Lane>;
  #doing: Doing = PASS;
  #harmed: Harmed | undefined;
  /** The client has sent something since the server did. */
  #waiting = false;

  constructor(
    private readonly client: net.Socket,
    target: number,
    private readonly gone: () => void,
  ) {
    this.#server = net.connect({ port: target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.#lanes = { client: new Lane(client, this.#server), server: new Lane(this.#server, client) };
    this.attend('client', client, this.#server);
    this.attend('server', this.#server, client);
  }

  begin(harm: Harm, harmed: Harmed): void {
    this.#doing = harm;
    this.#harmed = harmed;
    harmed.connections += 1;
    if (this.#waiting) harmed.waiting += 1;
    if (harm.tag === 'reset' || harm.tag === 'refuse') this.cut();
    if (harm.tag === 'stall') for (const lane of Object.values(this.#lanes)) lane.stall();
  }

  pass(): void {
    const was = this.#doing.tag;
    this.#doing = PASS;
    this.#harmed = undefined;
    for (const lane of Object.values(this.#lanes)) lane.goOn();
    if (was === 'half-open' || this.client.destroyed || this.#server.destroyed) this.cut();
  }

  /** Both sides learn of it at once, by RST. */
  cut(): void {
    this.client.resetAndDestroy();
    this.#server.resetAndDestroy();
    this.gone();
  }

  private attend(side: Side, socket: net.Socket, other: net.Socket): void {
    socket.on('data', (chunk: Buffer) => this.carry(side, chunk));
    socket.on('end', () => {
      if (this.#doing.tag !== 'half-open') this.#lanes[side].end(this.delayMs());
    });
    socket.on('error', () => undefined); // its `close` says all
    socket.on('close', (failed) => {
      if (this.#doing.tag === 'half-open' || this.#doing.tag === 'stall') return; // told when it is over
      if (failed) this.cut();
      else if (other.destroyed) this.gone();
    });
  }

  private carry(side: Side, chunk: Buffer): void {
    const doing = this.#doing;
    if (doing.tag !== 'pass') this.#harmed!.bytes += chunk.length;
    if (doing.tag === 'half-open') return;
    if (doing.tag === 'drop-answer' && side === 'server' && this.#waiting) return this.cut();
    this.#waiting = side === 'client';
    this.#lanes[side].pass(chunk, this.delayMs());
  }

  private delayMs(): number {
    return this.#doing.tag === 'latency' ? this.#doing.ms : 0;
  }
}

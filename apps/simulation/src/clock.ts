/*
 * One history's time, and the only thing that runs anything in it.
 *
 *  1  Time passes only between two steps. A step is one entry of the queue, with all promises it leads to.
 *  2  What is due at the same instant comes in an order that the seed draws.
 *  3  What a process set up is its own: dropped when it died, held back while it is frozen, and told the time of its own clock.
 *  4  Work that really is done elsewhere (WebCrypto's threads) is waited for and handed on in the order it was asked for.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Random } from './random.js';

/** A process, as far as time goes. */
export interface Life {
  readonly name: string;
  state: 'running' | 'frozen' | 'dead';
  /** How far its clock is ahead. */
  skewMs: number;
  /** What came while it was frozen. */
  held: (() => void)[];
}

interface Entry {
  at: number;
  tie: number;
  run: (() => void) | undefined;
}

const real = { setImmediate, Date, performance };
const START = Date.UTC(2026, 0, 5, 10);

export class VirtualClock {
  readonly here = new AsyncLocalStorage<Life>();
  private readonly queue = new Heap();
  private elapsed = 0;
  steps = 0;

  constructor(private readonly random: Random) {}

  /** The true time; the engines go by it. */
  readonly now = (): number => START + this.elapsed;
  /** Of the process that asks. */
  readonly localNow = (): number => this.now() + (this.here.getStore()?.skewMs ?? 0);
  readonly monotonic = (): number => this.elapsed;

  /** In so many ms, whoever asks for it. */
  after(ms: number, run: () => void): () => void {
    const entry: Entry = { at: this.elapsed + Math.max(0, ms), tie: this.random.next(), run };
    this.queue.push(entry);
    return () => (entry.run = undefined);
  }

  /** The same, by and for the process that asks. */
  ours(ms: number, run: () => void): () => void {
    const life = this.here.getStore();
    if (!life) return this.after(ms, run);
    return this.after(ms, () => this.inLife(life, run));
  }

  /** Now, or once it is no longer frozen, or never. */
  inLife(life: Life, run: () => void): void {
    if (life.state === 'dead') return;
    if (life.state === 'frozen') return void life.held.push(run);
    this.here.run(life, run);
  }

  thaw(life: Life): void {
    if (life.state !== 'frozen') return;
    life.state = 'running';
    for (const run of life.held.splice(0)) this.after(this.random.next() * 2, () => this.inLife(life, run));
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.ours(ms, resolve));
  }

  /** Runs until `isOver`, or until so much time has passed; false then. */
  async run(isOver: () => boolean, atMostMs: number): Promise<boolean> {
    const end = this.elapsed + atMostMs;
    await quiet();
    while (!isOver()) {
      const next = this.queue.pop();
      if (!next || next.at > end) return false;
      this.elapsed = Math.max(this.elapsed, next.at);
      if (!next.run) continue;
      this.steps++;
      next.run();
      await quiet();
    }
    return true;
  }
}

/** A binary heap by time, then by lot. */
class Heap {
  private readonly entries: Entry[] = [];

  push(entry: Entry): void {
    const { entries } = this;
    let at = entries.push(entry) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(entry, entries[above]!)) break;
      entries[at] = entries[above]!;
      at = above;
    }
    entries[at] = entry;
  }

  pop(): Entry | undefined {
    const { entries } = this;
    const first = entries[0];
    const last = entries.pop();
    if (!last || entries.length === 0) return first;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= entries.length) break;
      if (below + 1 < entries.length && isBefore(entries[below + 1]!, entries[below]!)) below++;
      if (!isBefore(entries[below]!, last)) break;
      entries[at] = entries[below]!;
      at = below;
    }
    entries[at] = last;
    return first;
  }
}

const isBefore = (a: Entry, b: Entry) => a.at < b.at || (a.at === b.at && a.tie < b.tie);

interface Elsewhere {
  settled: Promise<unknown>;
  deliver: () => void;
}
const elsewhere: Elsewhere[] = [];
const turn = () => new Promise<void>((resolve) => real.setImmediate(resolve));

/** Until every promise that can be kept without time passing has been (guarantee 4). */
async function quiet(): Promise<void> {
  await turn();
  while (elsewhere.length > 0) {
    await Promise.all(elsewhere.map(({ settled }) => settled));
    elsewhere.shift()!.deliver();
    await turn();
  }
}

/** Puts `clock` in the place of time, timers and chance, for all code of this realm. Answers how to put them back. */
export function install(clock: VirtualClock, random: Random): () => void {
  const scope = globalThis as unknown as Record<string, unknown>;
  const replaced: Record<string, unknown> = {
    ...timersOf(clock),
    Date: dateOf(clock),
    performance: { now: clock.monotonic, timeOrigin: START },
  };
  const before = Object.keys(replaced).map((name) => [name, Object.getOwnPropertyDescriptor(scope, name)!] as const);
  for (const [name, value] of Object.entries(replaced))
    Object.defineProperty(scope, name, { value, configurable: true, writable: true });
  const { random: realRandom } = Math;
  const { timeout, any } = AbortSignal;
  AbortSignal.any = anyOf;
  Math.random = () => random.next();
  AbortSignal.timeout = (ms) => {
    const limit = new AbortController();
    clock.ours(ms, () => limit.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')));
    return limit.signal;
  };
  const restoreCrypto = watchCrypto();
  return () => {
    for (const [name, descriptor] of before) Object.defineProperty(scope, name, descriptor);
    Math.random = realRandom;
    Object.assign(AbortSignal, { timeout, any });
    restoreCrypto();
  };
}

/** Node's own keeps every signal that somebody listens to, and with it what a history was made of. */
function anyOf(signals: Iterable<AbortSignal>): AbortSignal {
  const all = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) all.abort(signal.reason);
    else signal.addEventListener('abort', () => all.abort(signal.reason), { once: true });
  }
  return all.signal;
}

class Timer {
  cancel: () => void = () => {};
  ref = () => this;
  unref = () => this;
  hasRef = () => true;
}

function timersOf(clock: VirtualClock): Record<string, unknown> {
  const clear = (timer: Timer | undefined) => timer?.cancel();
  const set = (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
    const timer = new Timer();
    timer.cancel = clock.ours(ms, () => run(...args));
    return timer;
  };
  const repeat = (run: (...args: unknown[]) => void, ms = 1, ...args: unknown[]) => {
    const timer = new Timer();
    const next = () => {
      timer.cancel = clock.ours(ms, () => {
        next();
        run(...args);
      });
    };
    next();
    return timer;
  };
  return {
    setTimeout: set,
    setInterval: repeat,
    setImmediate: (run: (...args: unknown[]) => void, ...args: unknown[]) => set(run, 0, ...args),
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate: clear,
  };
}

function dateOf(clock: VirtualClock): DateConstructor {
  const Base = real.Date;
  class VirtualDate extends Base {
    constructor(...args: []) {
      if (args.length === 0) super(Math.floor(clock.localNow()));
      else super(...args);
    }
    static override now(): number {
      return Math.floor(clock.localNow());
    }
  }
  return VirtualDate as unknown as DateConstructor;
}

/** Its results come by way of `quiet`. */
function watchCrypto(): () => void {
  const { subtle } = globalThis.crypto;
  const names = ['decrypt', 'deriveBits', 'deriveKey', 'digest', 'encrypt', 'exportKey', 'generateKey'] as const;
  const all = [...names, 'importKey', 'sign', 'unwrapKey', 'verify', 'wrapKey'] as const;
  for (const name of all) {
    const run = subtle[name].bind(subtle) as (...args: unknown[]) => Promise<unknown>;
    Object.defineProperty(subtle, name, {
      configurable: true,
      value: (...args: unknown[]) => {
        const result = run(...args);
        return new Promise((resolve, reject) => {
          elsewhere.push({ settled: result.catch(() => {}), deliver: () => void result.then(resolve, reject) });
        });
      },
    });
  }
  return () => {
    for (const name of all) delete (subtle as unknown as Record<string, unknown>)[name];
  };
}

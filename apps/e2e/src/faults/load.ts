import { actionIdOf, deriveId, intentIdOf } from '@countersign/contracts';
import type { World } from '../world.js';
import type { Asked } from './checker/history.js';
import { Client, pause } from './client.js';
import type { ClientLedger } from './client-ledger.js';
import { kindOfNumber, type Call, type Kind } from './kinds.js';
import { Approvers } from './approvers.js';
import { isLeftOpen, Settlers } from './settlers.js';
import { Tripper } from './tripper.js';
import { Watcher } from './watcher.js';

export interface LoadOptions {
  /** How many intents are open at a time. */
  window: number;
  /** No more than these. */
  total: number;
  /** On average, of those that the window lets through. */
  perSecond: number;
  /** Between one trip and the next; Infinity: none. */
  tripEveryMs: number;
  /** Whether a system of record that the product cannot ask has an effect under this key. */
  wasDone: (idempotencyKey: string) => boolean;
  random: () => number;
}

const TENANT = 'acme';
const ACTOR = 'alice';
const PER_SESSION = 20;

/**
 * A product and its people: keeps so many intents open of every kind, decides what is escalated, trips and re-arms switches, settles
 * doubts. Whatever it talks to may die meanwhile: it asks again under the same id until it is answered, and writes down all it does.
 */
export class Load {
  /** What no client of this product should meet. */
  readonly failures: string[] = [];
  readonly #loops: Promise<void>[] = [];
  readonly #tripper: Tripper;
  #asking = true;
  #next = 0;

  private constructor(
    private readonly world: World,
    private readonly ledger: ClientLedger,
    readonly watcher: Watcher,
    private readonly client: Client,
    private readonly options: LoadOptions,
    private readonly over: AbortController,
  ) {
    this.#tripper = new Tripper(client, ledger, options.random);
  }

  static async start(world: World, ledger: ClientLedger, options: LoadOptions): Promise<Load> {
    const over = new AbortController();
    const client = new Client(world, over.signal);
    const load = new Load(world, ledger, await Watcher.open(world), client, options, over);
    load.run();
    return load;
  }

  get asked(): number {
    return this.ledger.asked.size;
  }

  /** Asked and not ended. */
  get open(): number {
    return this.asked - this.watcher.ended.size;
  }

  /** Nothing is open but what is left in doubt on purpose. */
  get isDrained(): boolean {
    const open = [...this.ledger.asked.keys()].filter((intentId) => !this.watcher.ended.has(intentId));
    return open.every((intentId) => this.watcher.inDoubt.has(intentId) && isLeftOpen(actionIdOf(intentId, 0, 0)));
  }

  openNow(): string[] {
    return [...this.ledger.asked.values()]
      .filter(({ intentId }) => !this.watcher.ended.has(intentId))
      .map(({ kind, intentId }) => `${kind} ${intentId}`);
  }

  /** Nothing new is asked, and no switch is tripped any more; what is open goes on. Resolves when no switch is left tripped. */
  async calm(): Promise<void> {
    this.#asking = false;
    await this.#tripper.rest();
  }

  async stop(): Promise<void> {
    this.#asking = false;
    this.over.abort(new Over());
    await Promise.allSettled([...this.#loops, this.watcher.close()]);
  }

  private run(): void {
    const { client, ledger, watcher, options } = this;
    const { signal } = this.over;
    this.keep(this.ask(signal));
    this.keep(new Approvers(client, ledger).run(signal));
    this.keep(new Settlers(client, ledger, watcher, options.wasDone).run(signal));
    this.keep(this.#tripper.run(options.tripEveryMs, signal));
  }

  private keep(loop: Promise<void>): void {
    const kept = loop.catch((error: unknown) => {
      if (!(error instanceof Over)) this.failures.push(String(error));
    });
    this.#loops.push(kept);
  }

  private async ask(signal: AbortSignal): Promise<void> {
    const { window, total, perSecond } = this.options;
    const began = performance.now();
    while (this.#asking && this.#next < total) {
      const room = window - (this.open - this.watcher.inDoubt.size);
      const inTime = Math.ceil(((performance.now() - began) * perSecond) / 1_000) - this.#next;
      for (let due = Math.min(room, inTime, total - this.#next); due > 0; due--) this.keep(this.askOne(this.#next++));
      await pause(25, signal);
    }
  }

  private askOne(n: number): Promise<void> {
    const kind = kindOfNumber(n);
    return kind.via === 'http' ? this.overHttp(n, kind) : this.overKafka(n, kind);
  }

  private sessionOf = (n: number) => `load-${Math.floor(n / PER_SESSION)}`;

  private note(kind: Kind, intentId: string, call: ReturnType<Kind['ask']>): void {
    const { name, lawful } = kind;
    const asked: Asked = {
      ...{ what: 'asked', at: Date.now(), kind: name, intentId, tenant: TENANT, actor: ACTOR, workflow: call.workflow },
      ...('tool' in call ? { tool: call.tool, arguments: call.arguments } : {}),
      lawful,
    };
    this.ledger.write(asked);
  }

  private async overKafka(n: number, kind: Kind): Promise<void> {
    const call = kind.ask(n);
    const session = this.sessionOf(n);
    const id = `load-${n}`;
    this.note(kind, intentIdOf(TENANT, this.world.product.source, id), call);
    const token = await this.client.token(ACTOR);
    const intent = { id, tenant: TENANT, session, token, data: { ...call, session } };
    while (!(await published(() => this.world.product.publish(intent)))) await pause(200, this.over.signal);
  }

  private async overHttp(n: number, kind: Kind): Promise<void> {
    const call = kind.ask(n);
    const key = `load-${n}`;
    const intentId = intentIdOf(TENANT, '/gateway', deriveId('req', TENANT, ACTOR, key));
    this.note(kind, intentId, call);
    const path = 'tool' in call ? '/v1/actions' : '/v1/intents';
    const body = { ...call, session: this.sessionOf(n) };
    for (;;) {
      const answer = await this.client.call(ACTOR, 'POST', path, body, { 'idempotency-key': key });
      if (answer?.status === 202) return this.compare(intentId, call, answer.body as Accepted);
      const isFinal = answer && answer.status >= 400 && answer.status < 500 && !AGAIN.has(answer.status);
      if (isFinal) throw new Error(`${path} of ${key} was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
      await pause(300, this.over.signal);
    }
  }

  private compare(intentId: string, call: Call | object, answer: Accepted): void {
    const actionId = 'tool' in call ? actionIdOf(intentId, 0, 0) : undefined;
    if (answer.intentId !== intentId || answer.actionId !== actionId)
      throw new Error(`the gateway names ${JSON.stringify(answer)} what must be ${intentId}`);
  }
}

interface Accepted {
  intentId: string;
  actionId?: string;
}

/** Not yet: the first request of this key is being answered, too many, or whoever verifies tokens is away. */
const AGAIN = new Set([401, 408, 409, 425, 429]);

class Over extends Error {}

/** Sent, as far as the broker says. It may have arrived in any case: the id is the same the next time. */
const published = (send: () => Promise<unknown>): Promise<boolean> =>
  send().then(
    () => true,
    () => false,
  );

import type { IntentToPublish } from '@countersign/demo';
import { Player } from '../player.js';
import type { World } from '../world.js';

const COMMITTED = 'countersign.action.committed.v1';

/** Refunds of one euro that rules approve, as fast as is said, on and on: what a trip has to stop. */
export class Load {
  committed = 0;
  #paced = 0;
  #bursting = 0;
  #on = true;
  #loop: Promise<void> = Promise.resolve();

  private constructor(
    private readonly world: World,
    private readonly player: Player,
    private readonly token: string,
    private readonly run: string,
  ) {
    player.onRecord(({ type }) => {
      if (type === COMMITTED) this.committed += 1;
    });
  }

  static async start(world: World, perSecond: number, run: string): Promise<Load> {
    const load = new Load(world, await Player.open(world), await world.token('alice'), run);
    load.#loop = load.publish(perSecond);
    return load;
  }

  /** So many more at once: more than an executor sends at a time. */
  async burst(n: number): Promise<void> {
    const intents = Array.from({ length: n }, () => this.intent(this.#bursting++, 'burst'));
    for (const id of await this.world.product.publish(...intents)) this.#ids.add(id);
  }

  /** Resolves when nothing more is published. */
  async stop(): Promise<void> {
    this.#on = false;
    await this.#loop;
  }

  close(): Promise<void> {
    return this.player.close();
  }

  get published(): number {
    return this.#ids.size;
  }

  get ended(): number {
    return [...this.#ids].filter((id) => this.player.ended.has(id)).length;
  }

  readonly #ids = new Set<string>();

  private async publish(perSecond: number): Promise<void> {
    const everyMs = 50;
    const began = performance.now();
    while (this.#on) {
      const due = Math.floor(((performance.now() - began) * perSecond) / 1000) - this.#paced;
      if (due > 0) {
        const intents = Array.from({ length: Math.min(due, perSecond) }, () => this.intent(this.#paced++, 'paced'));
        for (const id of await this.world.product.publish(...intents)) this.#ids.add(id);
      }
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }

  private intent(n: number, kind: string): IntentToPublish {
    const session = `${this.run}-${kind}-${n % 40}`;
    const args = { orderId: `ord_${16_000 + (n % 1_000)}`, amount: '1.00', currency: 'EUR', reason: 'late' };
    const data = { workflow: 'support-desk', session, tool: 'issue_refund', arguments: args };
    return { id: `${this.run}-${kind}-${n}`, tenant: 'acme', session, token: this.token, data };
  }
}

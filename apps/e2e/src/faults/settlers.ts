import { idempotencyKeyOf } from '@countersign/contracts';
import { pause, type Client } from './client.js';
import type { ClientLedger } from './client-ledger.js';
import type { Watcher } from './watcher.js';

const EVERY_MS = 2_000;
const LEAD = 'bob';
const TENANT = 'acme';

/** Every other doubt is left as it is, so that there is something to be listed in the end. */
export const isLeftOpen = (actionId: string): boolean => Number.parseInt(actionId.at(-1)!, 16) % 2 === 1;

interface Doubt {
  actionId: string;
}

/** Who looks after what is in doubt, with a look at the system of record's own ledger, as the product cannot. */
export class Settlers {
  readonly #settled = new Set<string>();

  constructor(
    private readonly client: Client,
    private readonly ledger: ClientLedger,
    private readonly watcher: Watcher,
    private readonly wasDone: (idempotencyKey: string) => boolean,
  ) {}

  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      await pause(EVERY_MS, signal);
      if (this.watcher.inDoubt.size === 0) continue;
      const answer = await this.client.call(LEAD, 'GET', '/v1/in-doubt?limit=200');
      const doubts = answer?.status === 200 ? (answer.body as { data: Doubt[] }).data : [];
      const due = doubts.filter(({ actionId }) => !isLeftOpen(actionId) && !this.#settled.has(actionId));
      for (const { actionId } of due) await this.settle(actionId);
    }
  }

  /** Asked again until it is taken, or somebody was faster. */
  private async settle(actionId: string): Promise<void> {
    const at = Date.now();
    const outcome = this.wasDone(idempotencyKeyOf(TENANT, actionId, 0)) ? 'committed' : 'failed';
    const path = `/v1/in-doubt/${encodeURIComponent(actionId)}/resolve`;
    const answer = await this.client.call(LEAD, 'POST', path, { outcome, reason: 'looked it up in the ledger' });
    if (answer && (answer.status < 300 || answer.status === 410)) this.#settled.add(actionId);
    this.ledger.write({
      what: 'settled',
      at,
      actionId,
      person: LEAD,
      outcome,
      ...(answer && { status: answer.status }),
    });
  }
}

import { pause, type Client } from './client.js';
import type { ClientLedger } from './client-ledger.js';

const SRE = 'sam';
const HELD_MS = 1_200;
/** What is tripped, without the leading `kill/`. */
const SCOPES = ['tool/issue_refund', 'tool/create_ticket', 'workflow/depot-desk', 'tenant/acme', '*'];

/** An SRE who trips switches while all goes on, and re-arms each. */
export class Tripper {
  #resting = false;
  /** Resolves when nothing is tripped. */
  #round: Promise<void> = Promise.resolve();
  trips = 0;

  constructor(
    private readonly client: Client,
    private readonly ledger: ClientLedger,
    private readonly random: () => number,
  ) {}

  async run(everyMs: number, signal: AbortSignal): Promise<void> {
    if (!Number.isFinite(everyMs)) return;
    while (!this.#resting) {
      await pause(everyMs, signal);
      if (this.#resting) return;
      const scope = SCOPES[Math.floor(this.random() * SCOPES.length)]!;
      this.#round = this.tripAndRearm(scope, signal);
      await this.#round;
    }
  }

  async rest(): Promise<void> {
    this.#resting = true;
    await this.#round;
  }

  private async tripAndRearm(scope: string, signal: AbortSignal): Promise<void> {
    this.trips += 1;
    await this.set(scope, true);
    await pause(HELD_MS, signal);
    while (!(await this.set(scope, false))) await pause(500, signal);
  }

  /** True when it is said to be in force. */
  private async set(scope: string, killed: boolean): Promise<boolean> {
    const at = Date.now();
    const path = `/v1/control/kill/${encodeURIComponent(scope)}`;
    const answer = await this.client.call(SRE, 'PUT', path, { killed, reason: 'a trip of the load' });
    const status = answer && { status: answer.status };
    this.ledger.write({ what: 'switched', at, answeredAt: Date.now(), scope: `kill/${scope}`, killed, ...status });
    return answer?.status === 200;
  }
}

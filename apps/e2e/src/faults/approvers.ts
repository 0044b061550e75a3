import type { ApprovalItem } from '@countersign/demo';
import type { Client } from './client.js';
import { pause } from './client.js';
import type { ClientLedger } from './client-ledger.js';
import { kindNamed } from './kinds.js';

const EVERY_MS = 150;
const LEAD = 'bob';

/** The leads of the desk: one of them answers what is escalated, as each kind says, until it is answered. */
export class Approvers {
  constructor(
    private readonly client: Client,
    private readonly ledger: ClientLedger,
  ) {}

  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      const answer = await this.client.call(LEAD, 'GET', '/v1/approvals?status=open&limit=100');
      const items = answer?.status === 200 ? (answer.body as { data: ApprovalItem[] }).data : [];
      await Promise.all(items.map((item) => this.answer(item)));
      await pause(EVERY_MS, signal);
    }
  }

  private async answer({
    approvalId,
    actionId,
    intentId,
    actionHash,
    arguments: args = {},
  }: ApprovalItem): Promise<void> {
    const asked = this.ledger.asked.get(intentId);
    const said = asked && kindNamed(asked.kind)?.answer?.(args as Record<string, unknown>);
    if (!said) return;
    const word = typeof said === 'string' ? { decision: said } : { decision: 'edit' as const, arguments: said.edit };
    const at = Date.now();
    const body = { ...word, actionHash, reason: 'said by the load' };
    const answer = await this.client.call(LEAD, 'POST', `/v1/approvals/${approvalId}/decisions`, body);
    this.ledger.write({ what: 'said', at, actionId, person: LEAD, ...word, ...(answer && { status: answer.status }) });
  }
}

import type { Worker } from '@countersign/messaging';
import { decideExpiry } from './decide.js';
import { approvalKey } from './state.js';

interface Due {
  approvalId: string;
}

/** Nothing slow happens here: a row that is claimable is due, and ending it expires the item. */
export const expiry: Worker<Due> = {
  kinds: ['expire'],
  roundSize: 100,
  rounds: 1,
  leaseMs: 30_000,
  async perform(rows, round) {
    await Promise.all(
      rows.map((row) =>
        round.finish<Due>(row, { tag: 'done', status: 'EXPIRED', outcome: row.body as unknown as Due }),
      ),
    );
  },
  touches: (_row, { approvalId }) => [approvalKey(approvalId)],
  decide: (_row, { approvalId }, states, now) => decideExpiry(approvalId, states, now),
};

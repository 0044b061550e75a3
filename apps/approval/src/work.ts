import type { ControlView } from '@countersign/control';
import type { Worker, WorkOutcome, WorkRow } from '@countersign/messaging';
import { decideExpiring, decideExpiry, decideNotYet, type Due } from './decide.js';
import { approvalKey } from './state.js';

interface Struck {
  approvalId: string;
  what: Due['what'];
  /** When it expires as things stand; of an expiry: only if that is still to come. */
  until?: string;
}

/** While a switch is on nobody knows when it goes on; a row with next to no time left is looked at again after this. */
const PAUSED_AT_LEAST_MS = 5_000;

/**
 * What waits for an instant that moves on while a switch is on. `time` is the database's, by which rows are claimed: by a clock that is
 * an hour ahead an item would wait an hour longer. Nothing slow happens: a row that is claimable was due, but for that.
 */
export function clock(control: () => Promise<ControlView>, time: () => Date): Worker<Struck> {
  return {
    kinds: ['expire', 'expiring'],
    roundSize: 100,
    rounds: 1,
    leaseMs: 30_000,
    async perform(rows, round) {
      const view = await control();
      await Promise.all(rows.map((row) => round.finish(row, outcomeOf(row, view, time()))));
    },
    touches: (_row, { approvalId }) => [approvalKey(approvalId)],
    decide: (_row, { approvalId, what, until }, states, now) => {
      if (what === 'expiring') return decideExpiring(approvalId, new Date(until!), states, now);
      return until ? decideNotYet(approvalId, new Date(until), states) : decideExpiry(approvalId, states, now);
    },
  };
}

function outcomeOf({ body }: WorkRow, control: ControlView, now: Date): WorkOutcome<Struck> {
  const { approvalId, what, from, due, expiresAt, target, again } = body as unknown as Due;
  const strikes = control.expiresAt(from, due, target);
  // Nothing moved it: when it was due is for the clock to say that let it be claimed.
  const isDue = strikes && strikes.getTime() <= Math.max(Date.parse(due), now.getTime());
  if (isDue) {
    const until =
      what === 'expiring' ? { until: (control.expiresAt(from, expiresAt, target) ?? strikes).toISOString() } : {};
    return { tag: 'done', status: 'STRUCK', outcome: { approvalId, what, ...until } };
  }
  const left = control.remainingMs(from, due, target, now);
  const next = strikes ?? new Date(now.getTime() + Math.max(left, PAUSED_AT_LEAST_MS));
  if (again) return { tag: 'done', status: 'STRUCK', outcome: { approvalId, what, until: next.toISOString() } };
  return { tag: 'retry', status: 'QUEUED', inMs: next.getTime() - now.getTime(), because: 'a switch stopped its time' };
}

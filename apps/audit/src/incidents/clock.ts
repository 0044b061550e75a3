const HOUR_MS = 3_600_000;

/** An incident is captured as a case within so many hours, or it is overdue. */
export const HOURS_TO_CAPTURE = 24;

export interface Times {
  openedAt: Date;
  capturedAt: Date | null;
  closedAt: Date | null;
}

export interface Clock {
  state: 'open' | 'captured' | 'closed';
  dueAt: Date;
  overdue: boolean;
  /** From opened to captured. */
  hours: number | null;
}

/** Where an incident's clock stands. */
export function clockOf({ openedAt, capturedAt, closedAt }: Times, now: Date): Clock {
  const dueAt = new Date(openedAt.getTime() + HOURS_TO_CAPTURE * HOUR_MS);
  const state = closedAt ? 'closed' : capturedAt ? 'captured' : 'open';
  const hours = capturedAt && Math.max(0, (capturedAt.getTime() - openedAt.getTime()) / HOUR_MS);
  return { state, dueAt, overdue: state === 'open' && now >= dueAt, hours };
}

/** What was opened at or before this instant, and is open now, is overdue. */
export const overdueSince = (now: Date): Date => new Date(now.getTime() - HOURS_TO_CAPTURE * HOUR_MS);

export const TABS = ['integrity', 'reveals', 'erasures', 'access'] as const;
export type Tab = (typeof TABS)[number];

export interface AuditSearch {
  /** The record's integrity if it is left out. */
  tab?: Exclude<Tab, 'integrity'>;
  /** The event whose proof is shown. */
  event?: string;
}

/** What the address says of this view; what it does not know is left out. */
export function auditSearch(given: Record<string, unknown>): AuditSearch {
  const tab = TABS.find((each) => each === given['tab']);
  const event = typeof given['event'] === 'string' ? given['event'].trim().slice(0, 200) : '';
  return { ...(tab && tab !== 'integrity' ? { tab } : {}), ...(event ? { event } : {}) };
}

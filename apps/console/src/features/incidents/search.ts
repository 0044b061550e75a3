export const STATES = ['open', 'overdue', 'captured', 'closed'] as const;
export type StateFilter = (typeof STATES)[number];

export interface IncidentsSearch {
  state?: StateFilter;
}

/** What the address says of this view: which incidents. */
export function incidentsSearch({ state }: Record<string, unknown>): IncidentsSearch {
  const known = STATES.find((each) => each === state);
  return known ? { state: known } : {};
}

/** What the address says of this view. */
export const incidentsSearch = (_given: Record<string, unknown>) => ({});

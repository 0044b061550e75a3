/** What the address says of this view. */
export const overviewSearch = (_given: Record<string, unknown>) => ({});

/** What the address says of this view. */
export const evalsSearch = (_given: Record<string, unknown>) => ({});

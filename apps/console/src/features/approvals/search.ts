/** What the address says of this view. */
export const approvalsSearch = (_given: Record<string, unknown>) => ({});

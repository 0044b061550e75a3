/** What the address says of this view. */
export const auditSearch = (_given: Record<string, unknown>) => ({});

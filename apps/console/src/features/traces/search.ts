/** What the address says of this view. */
export const tracesSearch = (_given: Record<string, unknown>) => ({});
export const traceSearch = (_given: Record<string, unknown>) => ({});

/** What the address says of this view. */
export const pipelineSearch = (_given: Record<string, unknown>) => ({});

/** The way between a process and an engine in memory. A simulation's own may be slow, lose an answer or never come back. */
export type Wire = <T>(what: string, run: () => T | Promise<T>) => Promise<T>;

export const direct: Wire = async (_, run) => run();

/** What a proof found: figures for its table, and each thing that is not as it should be. No flaw: it holds. */
export interface Finding {
  figures: Record<string, string | number>;
  flaws: string[];
}

const MOST_SHOWN = 20;

/** The first flaws in full and the number of the rest, so that a broken run says what is broken on one screen. */
export const firstOf = (flaws: string[]): string[] =>
  flaws.length <= MOST_SHOWN ? flaws : [...flaws.slice(0, MOST_SHOWN), `and ${flaws.length - MOST_SHOWN} more`];

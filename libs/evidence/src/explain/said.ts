import type { Stored } from './story.js';

/** A statement, and the events it is drawn from. */
export interface Said {
  says: string;
  from: Stored[];
}

export const said = (says: string, ...from: (Stored | { event: unknown } | undefined)[]): Said => ({
  says,
  from: from.filter((stored) => stored !== undefined) as Stored[],
});

/** Statements as one sentence. */
export const sentence = (parts: readonly Said[], between = '; '): string =>
  parts.length ? `${parts.map(({ says }) => says).join(between)}.` : NOT_STORED;

export const NOT_STORED = 'Not known: no event that says so is stored.';

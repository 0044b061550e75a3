import { expect, it } from '@jest/globals';
import { books } from './books/books.js';
import { firstOf } from './finding.js';
import type { World } from './world.js';

/** 60 actions here, 1,000 in `npm run prove`. */
export function booksScenario(open: () => World): void {
  it("says in audit what helpdesk's own access log and ledger say, and the other way round", async () => {
    const { figures, flaws } = await books(open(), 60, 'short');
    console.log(`books: ${JSON.stringify(figures)}`);
    expect(firstOf(flaws)).toEqual([]);
  }, 120_000);
}

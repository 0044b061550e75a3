import { expect, it } from '@jest/globals';
import { explanations } from './explanations/explanations.js';
import { firstOf } from './finding.js';
import type { World } from './world.js';

/** 40 intents here, 1,000 in `npm run prove -- --only explanations`. */
export function explanationsScenario(open: () => World): void {
  it("explains every action of a mixed run as the client's and helpdesk's ledgers have it, and counts as the topics do", async () => {
    const { figures, flaws } = await explanations(open(), { intents: 40, run: 'short', seed: 7 }, () => undefined);
    console.log(`explanations: ${JSON.stringify(figures)}`);
    expect(firstOf(flaws)).toEqual([]);
  }, 120_000);
}

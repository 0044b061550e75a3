import { expect, it } from '@jest/globals';
import { context } from './context/context.js';
import { firstOf } from './finding.js';
import type { World } from './world.js';

/** `generated` is a workflow whose source is fresh for less than the model thinks. */
export function contextScenario(open: () => World, generated: string): void {
  it('shows the model what sources declare, as it is now, plans anew what has moved, and lets no secret out', async () => {
    const { figures, flaws } = await context(open(), 'short', generated);
    console.log(`context: ${JSON.stringify(figures)}`);
    expect(firstOf(flaws)).toEqual([]);
  }, 180_000);
}

import { expect, it } from '@jest/globals';
import { firstOf } from './finding.js';
import { lyingPlanner } from './lying-planner/lying-planner.js';
import type { World } from './world.js';

/** The planner's key in the wrong hands. */
export function lyingPlannerScenario(open: () => World): void {
  it("does nothing beyond an intent's authority, whatever is written onto the proposals topic with the planner's own key", async () => {
    const { figures, flaws } = await lyingPlanner(open(), 'short');
    console.log(`a lying planner: ${JSON.stringify(figures)}`);
    expect(firstOf(flaws)).toEqual([]);
  }, 120_000);
}

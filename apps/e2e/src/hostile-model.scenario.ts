import { expect, it } from '@jest/globals';
import { firstOf } from './finding.js';
import { hostileModel } from './hostile-model/hostile-model.js';
import type { World } from './world.js';

/** 300 outputs here, 10,000 in `npm run prove`. */
export function hostileModelScenario(open: () => World): void {
  it('does nothing beyond rules and limits for a hostile model, refuses with code and next step, and commits what is valid', async () => {
    const { figures, flaws } = await hostileModel(open(), 300, 4, () => undefined);
    console.log(`a hostile model: ${JSON.stringify(figures)}`);
    expect(firstOf(flaws)).toEqual([]);
  }, 120_000);
}

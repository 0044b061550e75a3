import { expect, it } from '@jest/globals';
import { firstOf } from './finding.js';
import { findingOf, personal } from './personal/personal.js';
import type { World } from './world.js';

/** The sweep in short; `npm run prove -- --only personal` has the long form. */
export function personalScenario(open: () => World): void {
  it('keeps and tells nothing of a person that came in where nobody hid it', async () => {
    const { figures, flaws } = findingOf(
      await personal(open(), 'short', { seed: 2026, share: 1, lookEvery: 3 }, () => undefined),
    );
    console.log(`personal values: ${JSON.stringify(figures)}`);
    expect(firstOf(flaws)).toEqual([]);
  }, 150_000);
}

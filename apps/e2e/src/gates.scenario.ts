import { expect, it } from '@jest/globals';
import { budgets } from './budgets/budgets.js';
import { firstOf, type Finding } from './finding.js';
import { forged } from './forged/forged.js';
import { races } from './races/races.js';
import { stageMatrix } from './stage-matrix.js';
import { trips } from './trips/trips.js';
import type { World } from './world.js';

const silent = () => undefined;

/** The gates in short; `npm run prove` has the long forms. */
export function gatesScenario(open: () => World, hasty: string): void {
  const holds = (name: string, run: () => Promise<Finding>, seconds = 60) =>
    it(
      name,
      async () => {
        const { figures, flaws } = await run();
        console.log(`${name}: ${JSON.stringify(figures)}`);
        expect(firstOf(flaws)).toEqual([]);
      },
      seconds * 1_000,
    );
  holds('lets as many through a budget as it says, however many race', () => budgets(open(), 60, 'short', false));
  holds('has no effect of a forged or replayed decision or approval', () => forged(open(), 300, 'short', silent), 120);
  holds(
    'ends each race of people, clock and switch in one decision',
    () => races(open(), 10, 'short', hasty, silent),
    120,
  );
  holds('lets no warrant past the stage, though policy is passed by', () => stageMatrix(open(), 'short-stages'));
  holds('begins no effect after a trip is acknowledged', () => trips(open(), 3, 'short-trips', silent, false), 120);
}

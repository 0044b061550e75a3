import { describe, expect, it, jest } from '@jest/globals';
import { history } from './history.js';

jest.setTimeout(120_000);

const SEEDS = Array.from({ length: 80 }, (_, at) => at + 1);

describe('the simulated system', () => {
  it('has the same history for the same seed', async () => {
    const first = await history(7);
    const other = await history(8);
    const again = await history(7);
    expect(again.trace).toEqual(first.trace);
    expect(again.hash).toBe(first.hash);
    expect(other.hash).not.toBe(first.hash);
  });

  it(`keeps its promises in ${SEEDS.length} histories`, async () => {
    const flawed: string[] = [];
    const seen = { actions: 0, effects: 0, blocked: 0, inDoubt: 0 };
    for (const seed of SEEDS) {
      const { flaws, judged } = await history(seed);
      if (flaws.length > 0) flawed.push(`npm run simulate -- --seed ${seed} --verbose\n  ${flaws.join('\n  ')}`);
      for (const name of ['actions', 'effects', 'blocked', 'inDoubt'] as const) seen[name] += judged[name];
    }
    expect(flawed).toEqual([]);
    // What never happens would prove nothing.
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(0);
  });
});

import { describe, expect, it } from '@jest/globals';
import { SERVICES } from '@countersign/embedded';
import { faultTable, findingOf } from './faults/report.js';
import { runFaults } from './faults/run.js';
import type { Planned } from './faults/schedule.js';

const EVERY_MS = 600;
const SEED = 6;

/** Each process ended once and the executors thrice, both engines, and records that come again and in another order. */
const PLAN: readonly Planned[] = [
  ...[...SERVICES, 'executor' as const, 'executor' as const].map((service, index): Planned => ({
    atMs: index * EVERY_MS,
    name: `kill:${service}`,
    lane: 'kills',
    seed: SEED + index,
  })),
  { atMs: 0, name: 'duplicates', lane: 'records', seed: SEED },
  { atMs: 0, name: 'reordered', lane: 'records', seed: SEED },
  { atMs: 3 * EVERY_MS, name: 'kill:postgres', lane: 'engines', seed: SEED },
  { atMs: 5 * EVERY_MS, name: 'kill:kafka', lane: 'engines', seed: SEED },
];

describe('faults, in short', () => {
  it('every process and both engines die under load, and the independent checker finds nothing', async () => {
    const ran = await runFaults({
      ...{ seed: SEED, plan: PLAN.toSorted((a, b) => a.atMs - b.atMs), lengthMs: 0, say: () => undefined },
      ...{ total: 200, perSecond: 40, window: 50, tripEveryMs: 6_000, auditLimitMs: 8_000, instances: { executor: 2 } },
    });
    const quotas = new Map(PLAN.filter(({ lane }) => lane === 'kills').map(({ name }) => [name, 1]));
    const { figures, flaws } = findingOf(ran, quotas, false);
    console.log(`${faultTable(ran.faults)}\n${JSON.stringify(figures, undefined, 2)}`);
    expect(flaws).toEqual([]);
    expect(ran.balance.commitsInFlight).toBeGreaterThan(0);
  });
});

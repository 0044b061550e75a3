import { describe, expect, it } from '@jest/globals';
import { SERVICES } from '@countersign/embedded';
import { faultNamed, namesOf } from './fault-catalog.js';
import { FAULT_TABLE } from './fault-table.js';
import { quotasFor, quotasOfOnly, schedule, type Planned } from './schedule.js';

const MINUTE = 60_000;
const TEN = 10 * MINUTE;
const SEEDS = Array.from({ length: 20 }, (_, n) => n * 7919);
const count = (plan: Planned[], name: string) => plan.filter((planned) => planned.name === name).length;
const rowOf = ({ name }: Planned) => FAULT_TABLE.find((row) => row.name === name)!;

describe('a schedule of faults (the numbers are those of schedule.ts)', () => {
  it('is the same for the same seed, and another for another (1)', () => {
    expect(schedule(7, TEN, quotasFor(TEN))).toEqual(schedule(7, TEN, quotasFor(TEN)));
    expect(schedule(7, TEN, quotasFor(TEN))).not.toEqual(schedule(8, TEN, quotasFor(TEN)));
  });

  it('of ten minutes kills as often as the run is promised to (2)', () => {
    const plan = schedule(1, TEN, quotasFor(TEN));
    expect(count(plan, 'kill:executor')).toBeGreaterThanOrEqual(150);
    for (const service of SERVICES) expect(count(plan, `kill:${service}`)).toBeGreaterThanOrEqual(20);
    expect([count(plan, 'kill:kafka'), count(plan, 'kill:postgres')]).toEqual([3, 3]);
  });

  it('holds every fault there is (2)', () => {
    const names = new Set(schedule(1, TEN, quotasFor(TEN)).map(({ name }) => name));
    expect([...names].sort()).toEqual(FAULT_TABLE.map(({ name }) => name).sort());
    for (const name of names) expect(faultNamed(name).name).toBe(name);
  });

  it('is refused when it does not fit (2)', () => {
    const quotas = new Map([['kill:kafka', 60] as const]);
    expect(() => schedule(1, TEN, quotas)).toThrow(
      '60 faults of engines take 1200000 ms and do not fit into 600000 ms',
    );
  });

  it.each(SEEDS)('of seed %d overlaps nothing within a lane, and ends in time (3, 5)', (seed) => {
    const lanes = Map.groupBy(schedule(seed, TEN, quotasFor(TEN)), ({ lane }) => lane);
    lanes.delete('kills');
    for (const plan of lanes.values()) {
      const ends = plan.map((planned) => planned.atMs + rowOf(planned).longestMs);
      plan.slice(1).forEach(({ atMs }, index) => expect(atMs).toBeGreaterThanOrEqual(ends[index]!));
      expect(ends.at(-1)).toBeLessThanOrEqual(TEN);
    }
  });

  it.each(SEEDS)('of seed %d kills nothing that is held down (4)', (seed) => {
    const plan = schedule(seed, TEN, quotasFor(TEN));
    for (const holding of plan.filter((planned) => rowOf(planned).holds)) {
      const { holds, longestMs } = rowOf(holding);
      const during = plan.filter(({ atMs }) => atMs >= holding.atMs && atMs <= holding.atMs + longestMs);
      expect(count(during, `kill:${holds}`)).toBe(0);
    }
  });

  it('of a minute holds one of each fault that is named, or more', () => {
    const names = namesOf('net:kafka');
    const plan = schedule(1, MINUTE, quotasOfOnly(names, MINUTE));
    expect(new Set(plan.map(({ name }) => name))).toEqual(new Set(names));
    expect(namesOf('audit-down')).toEqual(['audit-down']);
    expect(() => namesOf('kil')).toThrow('no fault is named kil: kill:helpdesk, ');
  });
});

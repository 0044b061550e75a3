import { describe, expect, it } from '@jest/globals';
import { growths, type Sample } from './memory.js';

const MIB = 1024 * 1024;
const LENGTH_MS = 400_000;
const seconds = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => (from + n) * 1_000);
const samples = (pid: number, from: number, to: number, mib: (ageSeconds: number) => number): Sample[] =>
  seconds(from, to).map((atMs, age) => ({ atMs, service: 'executor', pid, bytes: mib(age) * MIB }));

describe('growth of memory', () => {
  it('is that of a process which ran through both quarters', () => {
    const [growth] = growths(
      samples(1, 0, 400, (age) => 100 + age / 4),
      LENGTH_MS,
    );
    expect(growth).toMatchObject({ service: 'executor', processes: 1, before: 137.375, after: 187.375 });
    expect(growth!.ratio).toBeCloseTo(1.364, 3);
  });

  it('compares processes started anew by their age, not the young with the old', () => {
    const often = Array.from({ length: 8 }, (_, n) =>
      samples(n, n * 50, n === 2 ? 110 : (n + 1) * 50, (age) => 80 + age),
    );
    expect(growths(often.flat(), LENGTH_MS)[0]!.ratio).toBe(1);
  });

  it('says nothing of what did not run in both', () => {
    expect(
      growths(
        samples(1, 0, 150, () => 80),
        LENGTH_MS,
      ),
    ).toEqual([]);
  });
});

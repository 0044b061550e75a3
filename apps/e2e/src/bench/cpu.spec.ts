import { expect, it } from '@jest/globals';
import { spentBy, spentSoFar, timesOf, told } from './cpu.js';

it('a process named to confuse is read behind its name, with what its ended children used', () => {
  const stat = '42 (a) R 1 (b) S 7 42 42 0 -1 4194304 9 9 9 9 150 50 25 25 20 0 1 0 9 9 9';
  expect(timesOf(stat)).toEqual({ parent: 7, seconds: 2.5 });
});

const onLinux = process.platform === 'linux' ? it : it.skip;

onLinux('what is used is counted for the program that used it, and for none that is not there', async () => {
  const pids = { us: [process.pid], nobody: [2 ** 30] };
  const { spent } = await spentBy(
    () => pids,
    () => {
      const start = process.cpuUsage();
      while (process.cpuUsage(start).user < 200_000);
      return Promise.resolve();
    },
  );
  expect(spent['us']).toBeGreaterThanOrEqual(0.15);
  expect(spent['nobody']).toBe(0);
  expect(spentSoFar(pids)['us']).toBeGreaterThanOrEqual(spent['us'] ?? 0);
});

it('is told in all and by program, the largest first, what is nothing left out', () => {
  expect(told({ policy: 0.5, kafka: 1, model: 0 }, 10)).toBe('15.00 (kafka 10.00, policy 5.00)');
});

import { expect, it } from '@jest/globals';
import { memoryNow, residentOf, sumOf } from './memory.js';

it('reads what a process holds of its own, of files and shared', () => {
  const status = 'Name:\tpostgres\nVmRSS:\t  9 kB\nRssAnon:\t  2048 kB\nRssFile:\t  1024 kB\nRssShmem:\t   512 kB\n';
  expect(residentOf(status)).toEqual({ anonymous: 2048, file: 1024, shared: 512 });
});

it('counts pages that processes of one program share once', () => {
  const backend = { anonymous: 1024, file: 4096, shared: 8192 };
  expect(sumOf([backend, backend, { ...backend, shared: 10_240 }])).toBe(3 + 4 + 10);
  expect(sumOf([])).toBe(0);
});

const onLinux = process.platform === 'linux' ? it : it.skip;

onLinux('what is held is found for the program that holds it, and none for one that is not there', () => {
  const { us = 0, nobody } = memoryNow({ us: [process.pid], nobody: [2 ** 30] });
  expect(us).toBeGreaterThan(20);
  expect(nobody).toBe(0);
});

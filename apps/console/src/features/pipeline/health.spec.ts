import { expect, it } from '@jest/globals';
import { healthOf, lagWords, lastHeard } from './health.js';

it('is never green for what is not known', () => {
  expect(healthOf({ reachable: false, ready: false })[0]).toBe('warn');
  expect(healthOf({ reachable: true, ready: false })[0]).toBe('bad');
  expect(healthOf({ reachable: true, ready: true, notices: ['a key ends soon'] })[0]).toBe('warn');
  expect(healthOf({ reachable: true, ready: true })[0]).toBe('good');
  expect([lagWords(undefined), lagWords(0), lagWords(1), lagWords(7)]).toEqual([
    'unknown',
    'nothing',
    '1 record',
    '7 records',
  ]);
  expect([lastHeard(20), lastHeard(9_600)]).toEqual(['asked just now', 'last asked 10 s ago']);
});

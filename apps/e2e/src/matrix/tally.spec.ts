import { expect, it } from '@jest/globals';
import { Tally } from './tally.js';

it('counts cells, and a leak apart from what is merely wrong', () => {
  const tally = new Tally();
  tally.count('GET /a', 'own for alice', true, { leaks: [], flaws: [] });
  tally.count('GET /a', 'other for alice', false, { leaks: ['told'], flaws: [] });
  tally.count('GET /b', 'own for sam', true, { leaks: [], flaws: ['404'] });
  expect(tally.total()).toEqual({ cells: 3, permitted: 2, refused: 1, leaks: 1, flaws: 1 });
  expect(tally.flaws).toEqual(['LEAK GET /a, other for alice: told', 'GET /b, own for sam: 404']);
  expect(tally.table()).toContain('GET /b');
});

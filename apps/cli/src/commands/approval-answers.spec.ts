import { describe, expect, it } from '@jest/globals';
import { withChanges } from './approval-answers.js';

const before = { amount: '900.00', times: 2, urgent: false, lines: ['a'], note: null };

describe('named after the bug: an edited argument keeps its type', () => {
  it.each<[string, string, unknown]>([
    ['amount', '500.00', '500.00'],
    ['amount', '500', '500'],
    ['amount', 'true', 'true'],
    ['times', '3', 3],
    ['urgent', 'true', true],
    ['lines', '["b"]', ['b']],
    ['note', 'x', 'x'],
    ['added', '1', 1],
    ['added', 'one', 'one'],
  ])('%s=%s', (name, text, value) => {
    expect(withChanges(before, [[name, text]])).toEqual({ ...before, [name]: value });
  });

  it.each([
    ['times', 'many'],
    ['times', '"3"'],
    ['urgent', 'yes'],
    ['lines', '{}'],
    ['times', 'null'],
  ])('%s=%s is refused', (name, text) => {
    expect(() => withChanges(before, [[name, text]])).toThrow(new RegExp(`^${name} is a (number|boolean|list)`));
  });
});

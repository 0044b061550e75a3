import { expect, it } from '@jest/globals';
import { sessionOf } from './intents.js';

it('the same key without a session is the same request: another session would make it another under one key', () => {
  expect(sessionOf(undefined, 'late-1006')).toBe(sessionOf(undefined, 'late-1006'));
  expect(sessionOf(undefined, 'late-1006')).not.toBe(sessionOf(undefined, 'late-1007'));
  expect(sessionOf(undefined, 'any words / at all')).toMatch(/^key-[0-9a-f]{32}$/);
});

it('a session that is named is taken, and without either each request has its own', () => {
  expect(sessionOf('s-1', 'late-1006')).toBe('s-1');
  expect(sessionOf(undefined, undefined)).not.toBe(sessionOf(undefined, undefined));
});

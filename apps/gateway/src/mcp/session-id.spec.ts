import { expect, it } from '@jest/globals';
import { newSessionId, sessionOf } from './session-id.js';

const key = Buffer.alloc(32, 1);
const bound = { person: { tenant: 'acme', sub: 'alice' }, workflow: 'support-desk' };

it('a session id is its owner’s, and the same session each time', () => {
  const id = newSessionId(key, bound);
  expect(sessionOf(key, id, bound)).toMatch(/^mcp-[\w-]{22}$/);
  expect(sessionOf(key, id, bound)).toBe(sessionOf(key, id, bound));
  expect(sessionOf(key, newSessionId(key, bound), bound)).not.toBe(sessionOf(key, id, bound));
});

it.each([
  ['another user', { ...bound, person: { tenant: 'acme', sub: 'anna' } }],
  ['a namesake of another tenant', { ...bound, person: { tenant: 'globex', sub: 'alice' } }],
  ['another workflow', { ...bound, workflow: 'todo' }],
])('it is nothing to %s', (_, other) => {
  expect(sessionOf(key, newSessionId(key, bound), other)).toBeUndefined();
});

it('one that was made up, or with another key, is nothing', () => {
  expect(sessionOf(key, 'mcp-1', bound)).toBeUndefined();
  expect(sessionOf(key, newSessionId(Buffer.alloc(32, 2), bound), bound)).toBeUndefined();
});

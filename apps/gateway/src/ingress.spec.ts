import { describe, expect, it } from '@jest/globals';
import { parseRequest } from './ingress.js';

const intent = (change: object) =>
  parseRequest('countersign.intent.requested.v1', { workflow: 'desk', session: 's-1', text: 'Hello', ...change });
const action = (args: unknown) =>
  parseRequest('countersign.action.requested.v1', { workflow: 'desk', session: 's-1', tool: 't', arguments: args });
const nested = (levels: number): object => (levels === 0 ? {} : { in: nested(levels - 1) });

describe('a request that JSON can spell and no event can carry', () => {
  it.each([
    ['half a character in the text', intent({ text: 'a\ud800' }), 'text'],
    ['half a character in the session', intent({ session: '\udc00' }), 'session'],
    ['half a character in a key', action({ '\ud800': 1 }), 'arguments'],
    ['a number that became infinite', action(JSON.parse('{"amount":1e999}')), 'arguments'],
    ['17 levels', action(nested(17)), 'arguments'],
    // 1e20 takes four characters when it comes and twenty-one when it goes on.
    ['numbers that grow', action({ list: Array.from({ length: 20_000 }, () => 1e20) }), '(body)'],
  ])('is refused, and its sender told which: %s', (_, parsed, path) => {
    expect(parsed).toMatchObject({ ok: false, fields: [{ path, message: expect.any(String) }] });
  });

  it.each(['dana@example.com', 'chat-4111 1111 1111 1111', 'dana%40example.com'])(
    'is refused where a name is personal data, which would stand in keys: %s',
    (session) => {
      expect(intent({ session })).toMatchObject({ ok: false, fields: [{ path: 'session' }] });
      expect(intent({ workflow: session })).toMatchObject({ ok: false, fields: [{ path: 'workflow' }] });
      expect(intent({ text: session }).ok).toBe(true);
    },
  );

  it('is told from one that is merely odd', () => {
    expect([intent({ text: '😀' }).ok, action(nested(15)).ok]).toEqual([true, true]);
  });
});

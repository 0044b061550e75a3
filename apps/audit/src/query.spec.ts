import { describe, expect, it } from '@jest/globals';
import { parseQuery } from './query.js';

const cursor = (changed: object) => {
  const place = { at: '2026-01-01T00:00:00.000Z', topic: 'decisions', partition: 0, offset: '7', ...changed };
  return { cursor: Buffer.from(JSON.stringify(place)).toString('base64url') };
};

describe('what a search asks for', () => {
  it('takes a cursor that a page gave', () =>
    expect(parseQuery(cursor({})).after).toMatchObject({ topic: 'decisions', offset: '7' }));

  it.each([
    ['a text', { text: 'a\u0000b' }],
    ['a topic', cursor({ topic: '\u0000' })],
    ['a partition', cursor({ partition: 2 ** 31 })],
    ['an offset', cursor({ offset: '9'.repeat(19) })],
  ])('refuses %s that the store would fail on', (_, query) =>
    expect(() => parseQuery(query)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENTS' })),
  );
});

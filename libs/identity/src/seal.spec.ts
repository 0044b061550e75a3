import { describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { openToken, sealToken } from './seal.js';

const policy = generateKeyPairSync('x25519');

describe.each([
  ['X25519', policy],
  ['P-256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
])('a token sealed to a key of %s', (_, { publicKey, privateKey }) => {
  it('is opened by that key, and says nothing to others', async () => {
    const sealed = await sealToken(publicKey, 'a.b.c');
    expect(sealed).not.toContain(Buffer.from('a.b.c').toString('base64url'));
    expect(await openToken(privateKey, sealed)).toBe('a.b.c');
  });
});

describe('what cannot be opened is undefined, not an error', () => {
  it.each<[string, (sealed: string) => string]>([
    ['sealed for another key', (sealed) => sealed],
    ['altered', (sealed) => sealed.replace(/.{4}$/, 'AAAA')],
    ['no JWE', () => 'a.b.c'],
    ['nothing', () => ''],
  ])('%s', async (name, change) => {
    const to = name === 'sealed for another key' ? generateKeyPairSync('x25519').publicKey : policy.publicKey;
    expect(await openToken(policy.privateKey, change(await sealToken(to, 'a.b.c')))).toBeUndefined();
  });
});

import { describe, expect, it } from '@jest/globals';
import { box, newKeyPair, openBox, privateFrom, publicFrom, rawPrivate, rawPublic } from './box.js';

const bytes = Buffer.from('dana@example.com');
const { publicKey, privateKey } = newKeyPair();
const context = ['value', 'acme', 'cus_1', 'tok_x'];

describe('a box (the numbers are those of box.ts)', () => {
  it('gives its bytes back to the private key alone (1)', () => {
    expect(openBox(privateKey, box(publicKey, bytes, context), context)).toEqual(bytes);
    expect(() => openBox(newKeyPair().privateKey, box(publicKey, bytes, context), context)).toThrow();
    const empty = Buffer.alloc(0);
    expect(openBox(privateKey, box(publicKey, empty, context), context)).toEqual(empty);
  });

  it.each([
    ['of another tenant', ['value', 'globex', 'cus_1', 'tok_x']],
    ['of another token', ['value', 'acme', 'cus_1', 'tok_y']],
    ['with its parts shifted', ['value', 'acme', 'cus_1tok_x', '']],
  ])('does not open in a place %s (2)', (_, place) => {
    expect(() => openBox(privateKey, box(publicKey, bytes, context), place)).toThrow();
  });

  it('does not open altered anywhere, or cut short (2)', () => {
    const whole = Buffer.from(box(publicKey, bytes, context), 'base64url');
    for (let at = 0; at < whole.length; at++) {
      const altered = Buffer.from(whole);
      altered[at]! ^= 1;
      expect(() => openBox(privateKey, altered.toString('base64url'), context)).toThrow();
      expect(() => openBox(privateKey, whole.subarray(0, at).toString('base64url'), context)).toThrow();
    }
  });

  it('has nothing in common with another of the same bytes (3)', () => {
    const [one, other] = [box(publicKey, bytes, context), box(publicKey, bytes, context)];
    expect(one.slice(0, 20)).not.toBe(other.slice(0, 20));
    expect(one.slice(-20)).not.toBe(other.slice(-20));
  });

  it('opens with a key that was stored as bytes', () => {
    const stored = publicFrom(rawPublic(publicKey));
    const again = privateFrom(rawPrivate(privateKey), rawPublic(publicKey));
    expect(openBox(again, box(stored, bytes, context), context)).toEqual(bytes);
  });
});

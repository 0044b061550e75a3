import { expect, it } from '@jest/globals';
import { signInFailed } from './sign-in-failed.js';

it('says why nobody was signed in, and nothing where nobody tried', () => {
  expect(signInFailed('?signIn=unreachable')).toContain('does not answer');
  expect(signInFailed('?signIn=constructor')).toBe(signInFailed('?signIn=failed'));
  expect(signInFailed('?q=x')).toBeUndefined();
});

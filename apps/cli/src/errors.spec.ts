import { describe, expect, it } from '@jest/globals';
import { problem } from '@countersign/contracts';
import { ApiError } from './errors.js';

describe('what the gateway answers instead', () => {
  it.each([
    ['UNAUTHENTICATED', 6],
    ['PERMISSION_DENIED', 6],
    ['SELF_APPROVAL', 6],
    ['INVALID_ARGUMENTS', 2],
    ['IDEMPOTENCY_CONFLICT', 1],
    ['NOT_FOUND', 1],
    ['NOT_BUILT', 1],
  ] as const)('%s ends with %i', (code, exitCode) => {
    const told = problem(code, 'why');
    expect(new ApiError(told.status, told)).toMatchObject({
      exitCode,
      message: `${code}: why`,
      nextStep: told.nextStep,
    });
  });

  it('may be no problem document', () => {
    expect(new ApiError(502, {})).toMatchObject({ exitCode: 1, message: 'HTTP 502: the gateway gave no reason' });
  });
});

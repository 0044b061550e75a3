import { describe, expect, it } from '@jest/globals';
import { definiteAnswer } from './target-status.js';
import { NoAnswer, NothingDone } from './tool.js';

const answered = (status: number) => () => definiteAnswer('billing', { status, body: null });

describe('what a status says', () => {
  it.each([200, 201, 204, 400, 401, 403, 404, 410, 422, 451])('%d is an answer', (status) => {
    expect(answered(status)()).toEqual({ status, body: null });
  });

  it.each([301, 304, 307, 408, 409, 425, 429, 500, 502, 503, 504])('%d leaves open what was done', (status) => {
    expect(answered(status)).toThrow(NoAnswer);
    expect(answered(status)).toThrow(`billing answered ${status}`);
  });

  it('412 proves that nothing was done', () => {
    expect(answered(412)).toThrow(NothingDone);
  });
});

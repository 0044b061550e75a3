import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { codesPage } from './codes-page.js';
import { CODE_NAMES, CODES, problem, refusal } from './index.js';

describe('the codes', () => {
  it('are those of docs/codes.md', () => {
    const page = readFileSync(new URL('../../../docs/codes.md', import.meta.url), 'utf8');
    expect(page).toBe(codesPage());
  });

  it.each(CODE_NAMES)('%s has a status of an error or of waiting, and one sentence to act on', (code) => {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(CODES[code].status === 202 || (CODES[code].status >= 400 && CODES[code].status < 600)).toBe(true);
    expect(CODES[code].nextStep).toMatch(/^[A-Z].*\.$/);
    expect(CODES[code].nextStep.length).toBeLessThan(120);
  });

  it('make a refusal, with a better next step where one is known', () => {
    expect(refusal('NOT_FOUND', 'no order ord_9')).toEqual({
      code: 'NOT_FOUND',
      detail: 'no order ord_9',
      nextStep: CODES.NOT_FOUND.nextStep,
    });
    expect(refusal('NOT_FOUND', 'no order ord_9', 'Ask the shop.').nextStep).toBe('Ask the shop.');
  });

  it('make a problem as RFC 9457 has it', () => {
    expect(problem('APPROVAL_STALE', 'it changed', { difference: { amount: ['1', '2'] } })).toEqual({
      type: 'urn:countersign:problem:APPROVAL_STALE',
      title: 'approval stale',
      status: 409,
      code: 'APPROVAL_STALE',
      detail: 'it changed',
      nextStep: CODES.APPROVAL_STALE.nextStep,
      difference: { amount: ['1', '2'] },
    });
  });
});

import { describe, expect, it } from '@jest/globals';
import { payDesk, samples } from '../boundary/desk.fixture.js';
import type { Reached } from '../run-report.js';
import { coverageOf, coverageSchema } from './coverage.js';
import { renderCoverage } from './render.js';

const covered = (...reached: Reached[]) => coverageOf(payDesk, [{ workflow: 'pay-desk', reached }], samples);
const asked = (role: string, outcome: 'allow' | 'pass' = 'allow'): Reached => ({
  ...{ tool: 'pay', roles: [role], outcome: 'approved', rules: [{ rule: 'small', outcome }] },
});

describe('coverage (the numbers are those of points.ts)', () => {
  it('1: has a point for each tool, role and rule, and for each code there is reason for', () => {
    const { missing, points, reached } = covered();
    expect([reached, missing.length]).toEqual([0, points]);
    expect(missing.filter(({ tool }) => tool === 'pay')).toEqual([
      { tool: 'pay', rule: 'small' },
      { tool: 'pay', role: 'clerk', rule: 'small' },
      { tool: 'pay', role: 'boss', rule: 'small' },
      { tool: 'pay', rule: 'permission-map' },
      { tool: 'pay', role: 'clerk', rule: 'permission-map' },
      { tool: 'pay', role: 'boss', rule: 'permission-map' },
      { tool: 'pay', role: 'auditor', code: 'PERMISSION_DENIED' },
      ...(
        [
          ...['INVALID_ARGUMENTS', 'NOT_FOUND', 'KILLED', 'STAGE_FORBIDS', 'NOT_RELEASED', 'LIMIT_EXCEEDED'],
          ...['RATE_LIMITED', 'APPROVAL_REJECTED'],
        ] as const
      ).map((code) => ({ tool: 'pay', code })),
    ]);
  });

  it('2: says of what is out of reach why it is', () => {
    const { unreachable } = covered();
    expect(unreachable).toEqual([
      {
        ...{ tool: 'get_account', role: 'auditor', rule: 'reads' },
        because: 'auditor may not call it, so no rule is asked',
      },
      { tool: 'get_account', role: 'boss', code: 'RECORD_RESTRICTED', because: 'boss may touch restricted records' },
      { tool: 'get_account', code: 'STAGE_FORBIDS', because: 'it only reads' },
      { tool: 'get_account', code: 'NOT_RELEASED', because: 'it only reads' },
      { tool: 'get_account', code: 'LIMIT_EXCEEDED', because: 'no limit counts it' },
      { tool: 'get_account', code: 'RATE_LIMITED', because: 'no budget counts it' },
      { tool: 'pay', role: 'auditor', rule: 'small', because: 'auditor may not call it, so no rule is asked' },
      { tool: 'pay', role: 'auditor', rule: 'permission-map', because: 'auditor may not call it, so no rule is asked' },
      ...['clerk', 'boss'].map((role) => ({
        ...{ tool: 'pay', role, code: 'RECORD_RESTRICTED', because: 'what it is about is never restricted' },
      })),
    ]);
  });

  it('reaches a rule for a role by asking it, and the rule itself by its saying more than pass', () => {
    const passed = covered(asked('clerk', 'pass'));
    expect(passed.reached).toBe(1);
    expect(passed.missing).toContainEqual({ tool: 'pay', rule: 'small' });
    expect(covered(asked('clerk')).missing).not.toContainEqual({ tool: 'pay', rule: 'small' });
    expect(covered(asked('boss'), asked('clerk')).rules).toContainEqual({
      ...{ rule: 'small', allow: 2, escalate: 0, deny: 0, pass: 0 },
    });
  });

  it('reaches a code by a decision or an outcome, for a role where the role makes the difference', () => {
    const denied: Reached = { tool: 'pay', roles: ['clerk'], outcome: 'denied', code: 'KILLED' };
    expect(covered(denied).reached).toBe(1);
    const hidden = { tool: 'get_account', outcome: 'failed', code: 'RECORD_RESTRICTED' } as const;
    expect(covered(hidden).reached).toBe(0);
    expect(covered({ ...hidden, roles: ['clerk'] }).reached).toBe(1);
  });

  it('takes what was reached for within reach, whatever was thought of it', () => {
    const { points, unreachable } = covered();
    const odd = covered({ tool: 'get_account', roles: ['clerk'], outcome: 'denied', code: 'STAGE_FORBIDS' });
    expect([odd.points, odd.unreachable.length, odd.reached]).toEqual([points + 1, unreachable.length - 1, 1]);
  });

  it('counts no other workflow', () => {
    expect(coverageOf(payDesk, [{ workflow: 'other', reached: [asked('clerk')] }]).reached).toBe(0);
  });

  it('is told in words, and read again as it was written', () => {
    const coverage = covered(asked('clerk'));
    const text = renderCoverage('pay-desk', coverage);
    expect(text).toMatch(/^pay-desk: 2 of 23 reached/);
    expect(text).toMatch(/^pay +2 +15 +13$/m);
    expect(text).toContain('the rule permission-map saying more than pass');
    expect(text).toContain('it only reads: get_account (STAGE_FORBIDS, NOT_RELEASED)');
    expect(coverageSchema.parse(JSON.parse(JSON.stringify(coverage)))).toEqual(coverage);
  });
});

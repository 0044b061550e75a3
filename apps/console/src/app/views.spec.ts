import { describe, expect, it } from '@jest/globals';
import { isOf, placeOf, VIEWS, viewsOf } from './views.js';

describe('views', () => {
  it('are offered by role', () => {
    const paths = (...roles: string[]) => viewsOf(roles).map(({ path }) => path);
    expect(paths('support-agent')).toEqual(['/approvals', '/traces', '/kill', '/workflows', '/evals']);
    expect(paths('auditor')).toContain('/audit');
    expect(paths('support-lead')).not.toContain('/audit');
  });

  it('have a key each', () => {
    expect(new Set(VIEWS.map(({ key }) => key)).size).toBe(VIEWS.length);
  });

  it('know their own addresses', () => {
    const [overview, approvals] = VIEWS;
    expect([isOf(overview!, '/'), isOf(overview!, '/approvals')]).toEqual([true, false]);
    expect([isOf(approvals!, '/approvals/apr_1'), isOf(approvals!, '/approvalsx')]).toEqual([true, false]);
  });

  it('are found by an id', () => {
    expect(placeOf(' int_1a ')?.to).toBe('/traces/int_1a');
    expect(placeOf('act_1')?.to).toBe('/traces?subject=act_1');
    expect(placeOf('apr_1')?.to).toBe('/approvals/apr_1');
    expect(placeOf('ord_1001')?.to).toBe('/traces?record=ord_1001');
    expect(placeOf('late parcel?')?.to).toBe('/traces?text=late%20parcel%3F');
    expect(placeOf('a')).toBeUndefined();
  });
});

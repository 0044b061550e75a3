import { describe, expect, it } from '@jest/globals';
import { oddOnes } from './batch.js';
import { escalation, opened } from './given.spec-support.js';
import type { Escalated } from './state.js';

const item = (actionId: string, change: Partial<Escalated> = {}) => {
  const of = escalation(undefined, { actionId, ...change });
  return opened(of).item(of);
};
const rule = (name: string, outcome: 'escalate' | 'allow' = 'escalate') => ({ rule: name, outcome, reason: '' });

describe('a batch', () => {
  it('is of one tool and one rule, whatever else they look at', () => {
    const same = item('act_2', { rules: [rule('roles', 'allow'), rule('large-refund')], arguments: {} });
    expect(oddOnes([item('act_1'), same])).toEqual([]);
    expect(oddOnes([])).toEqual([]);
  });

  it.each<[string, Partial<Escalated>]>([
    ['tool', { tool: 'create_ticket' }],
    ['version of the tool', { toolVersion: '2.0.0' }],
    ['workflow', { workflow: 'other' }],
    ['rule', { rules: [rule('stranger')] }],
    ['set of rules', { rules: [rule('large-refund'), rule('stranger')] }],
    ['policy version', { policyVersion: 'p2' }],
  ])('of another %s is none', (_, change) => {
    const odd = item('act_2', change);
    expect(oddOnes([item('act_1'), odd, item('act_3')])).toEqual([odd.approvalId]);
  });
});

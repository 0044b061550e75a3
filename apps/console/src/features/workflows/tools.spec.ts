import { describe, expect, it } from '@jest/globals';
import { argumentsOf, permissionOf, rolesOf, settlersOf } from './tools.js';
import type { Tool } from './workflow.js';

const tool = (name: string, roles: string[], approvals: Tool['permissions']['approvals'] = {}) => ({
  ...{ name, workflow: 'desk' },
  permissions: { roles, restricted: ['lead'], approvals },
});
const read = tool('get_order', ['agent', 'lead']);
const refund = tool('issue_refund', ['agent'], { orderAmount: { when: 'over 50.00', roles: ['lead', 'admin'] } });

describe('the permission map', () => {
  it('has a column for each role it names, who may call the most first', () => {
    expect(rolesOf([read, refund])).toEqual(['agent', 'lead', 'admin']);
  });

  it('says what a role may do with a tool', () => {
    expect(permissionOf(read, 'lead')).toEqual(['asks, of restricted records too']);
    expect(permissionOf(refund, 'agent')).toEqual(['asks']);
    expect(permissionOf(refund, 'lead')).toEqual(['approves order amount over 50.00']);
    expect(permissionOf(read, 'admin')).toEqual([]);
  });

  it('says whose word ends a doubt: the approvers of the tool, or of its workflow', () => {
    expect(settlersOf('issue_refund', [read, refund])).toEqual(['lead', 'admin']);
    expect(settlersOf('get_order', [read, refund])).toEqual(['lead', 'admin']);
    expect(settlersOf('get_order', [read])).toEqual([]);
    expect(settlersOf('gone', [read, refund])).toEqual([]);
  });
});

it('says what an argument takes, and how it is kept', () => {
  const input = {
    type: 'object',
    required: ['orderId'],
    properties: {
      orderId: { type: 'string', pattern: '^ord_', description: 'Id of the order' },
      reason: { type: 'string', minLength: 1, maxLength: 20 },
      urgency: { enum: ['low', 'high'] },
      ids: { type: 'array', items: { type: 'integer', minimum: 1 }, maxItems: 3 },
      note: { anyOf: [{ type: 'string' }, { type: 'null' }] },
      odd: true,
    },
  };
  const shown = argumentsOf({ input, dataClasses: { orderId: 'internal' } });
  expect(shown.map(({ name, takes }) => [name, takes])).toEqual([
    ['orderId', 'text, like ^ord_'],
    ['reason', 'text (1 to 20 characters)'],
    ['urgency', 'one of low, high'],
    ['ids', 'list of whole number (at least 1) (at most 3)'],
    ['note', 'text, or null'],
    ['odd', 'anything'],
  ]);
  expect(shown[0]).toMatchObject({ required: true, description: 'Id of the order', dataClass: 'internal' });
  expect(shown[1]).toMatchObject({ required: false, dataClass: 'of its parts' });
  expect(argumentsOf({ input: {}, dataClasses: {} })).toEqual([]);
});

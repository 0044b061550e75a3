import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { toolContractSuite } from '@countersign/tool-sdk/testing';
import { Desk } from './desk.spec-support.js';
import tools from './tools.js';

let desk: Desk;
beforeAll(async () => {
  desk = await Desk.open();
});
afterAll(() => desk?.close());

type Args = Record<string, unknown>;
const refund = () => ({ orderId: desk.freshOrder(), amount: '18.00', currency: 'EUR', reason: 'Late.' });
/** Arguments on records nobody else uses, and others for the same key. */
const trials: Record<string, { of: () => Args; others?: object; actor?: string }> = {
  get_order: { of: () => ({ orderId: 'ord_1001' }) },
  get_customer: { of: () => ({ customerId: 'cus_001' }) },
  get_subscription: { of: () => ({ customerId: 'cus_001' }) },
  get_entitlements: { of: () => ({ customerId: 'cus_001' }) },
  get_ticket: { of: () => ({ ticketId: 'tck_seed1' }) },
  get_member: { of: () => ({ memberId: 'alice' }) },
  compute_refund_preview: { of: () => ({ orderId: 'ord_1001', amount: '18.00', currency: 'EUR' }) },
  create_ticket: {
    of: () => ({ customerId: 'cus_001', subject: 'Late', body: 'It was late.' }),
    others: { body: 'No.' },
  },
  draft_reply: { of: () => ({ ticketId: 'tck_seed2', body: 'It was the snow.' }), others: { body: 'It was us.' } },
  issue_refund: { of: refund, others: { amount: '19.00' } },
  change_member_role: {
    of: () => ({ memberId: 'carol', role: 'support-agent', reason: 'She asked.' }),
    others: { role: 'auditor' },
    actor: 'adam',
  },
  delete_customer: {
    of: () => ({ customerId: desk.freshCustomer(), reason: 'They asked.' }),
    others: { customerId: 'cus_5099' },
    actor: 'adam',
  },
};

describe('every tool, on the real helpdesk', () => {
  it('has a trial', () => {
    expect(Object.keys(trials).sort()).toEqual(tools.map(({ contract }) => contract.name).sort());
  });

  for (const tool of tools) {
    const { of, others, actor = 'alice' } = trials[tool.contract.name]!;
    toolContractSuite(tool, () => ({
      tenant: 'acme',
      actor,
      target: (key) => desk.target({ actor, ...(key === undefined ? {} : { key }) }),
      arguments: of,
      ...(others ? { others: (args: Args) => ({ ...args, ...others }) } : {}),
      state: desk.state,
    }));
  }
});

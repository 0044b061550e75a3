import { defineTool } from '@countersign/tool-sdk';
import { entitlement, getEntitlementsContract } from './get-entitlements.contract.js';
import { ask, takenAll } from './helpdesk.js';

export const getEntitlements = defineTool({
  contract: getEntitlementsContract,
  async read(context, args) {
    const customerId = String(args['customerId']);
    const path = `/v1/customers/${encodeURIComponent(customerId)}/entitlements`;
    const body = await ask(context, { method: 'GET', path });
    const { values: entitlements, read } = takenAll(context, 'entitlements', customerId, entitlement, body);
    return { result: { customerId, entitlements }, recordsRead: [read] };
  },
});

import { defineTool } from '@countersign/tool-sdk';
import { entitlement, getEntitlementsContract } from './get-entitlements.contract.js';
import { ask, takenAll } from './helpdesk.js';

export const getEntitlements = defineTool({
  contract: getEntitlementsContract,
  async read(context, { customerId }) {
    const path = `/v1/customers/${encodeURIComponent(String(customerId))}/entitlements`;
    const found = takenAll(context, 'entitlement', entitlement, await ask(context, { method: 'GET', path }));
    const entitlements = found.map(({ value }) => value);
    return { result: { customerId: String(customerId), entitlements }, recordsRead: found.map(({ read }) => read) };
  },
});

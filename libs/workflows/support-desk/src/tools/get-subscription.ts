import { defineTool } from '@countersign/tool-sdk';
import { getSubscriptionContract, subscription } from './get-subscription.contract.js';
import { ask, takenAll } from './helpdesk.js';

export const getSubscription = defineTool({
  contract: getSubscriptionContract,
  async read(context, { customerId }) {
    const path = `/v1/customers/${encodeURIComponent(String(customerId))}/subscriptions`;
    const found = takenAll(context, 'subscription', subscription, await ask(context, { method: 'GET', path }));
    const subscriptions = found.map(({ value }) => value);
    return { result: { customerId: String(customerId), subscriptions }, recordsRead: found.map(({ read }) => read) };
  },
});

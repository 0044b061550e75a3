import { defineTool } from '@countersign/tool-sdk';
import { getSubscriptionContract, subscription } from './get-subscription.contract.js';
import { ask, takenAll } from './helpdesk.js';

export const getSubscription = defineTool({
  contract: getSubscriptionContract,
  async read(context, args) {
    const customerId = String(args['customerId']);
    const path = `/v1/customers/${encodeURIComponent(customerId)}/subscriptions`;
    const body = await ask(context, { method: 'GET', path });
    const { values: subscriptions, read } = takenAll(context, 'subscriptions', customerId, subscription, body);
    return { result: { customerId, subscriptions }, recordsRead: [read] };
  },
});

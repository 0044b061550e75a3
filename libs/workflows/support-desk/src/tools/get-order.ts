import { defineTool } from '@countersign/tool-sdk';
import { getOrderContract } from './get-order.contract.js';
import { ask, taken } from './helpdesk.js';

export const getOrder = defineTool({
  contract: getOrderContract,
  async read(context, { orderId }) {
    const record = await ask(context, { method: 'GET', path: `/v1/orders/${encodeURIComponent(String(orderId))}` });
    const { value, read } = taken(context, 'order', getOrderContract.output, record);
    return { result: value, recordsRead: [read] };
  },
});

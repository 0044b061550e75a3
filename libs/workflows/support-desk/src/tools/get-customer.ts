import { defineTool, ToolRefusal } from '@countersign/tool-sdk';
import { getCustomerContract } from './get-customer.contract.js';
import { ask, taken } from './helpdesk.js';

export const getCustomer = defineTool({
  contract: getCustomerContract,
  async read(context, { customerId }) {
    const path = `/v1/customers/${encodeURIComponent(String(customerId))}`;
    const record = await ask(context, { method: 'GET', path });
    const { value, read } = taken(context, 'customer', getCustomerContract.output, record);
    if (value.restricted) throw new ToolRefusal('RECORD_RESTRICTED', `${read.id} is a restricted record`);
    return { result: value, recordsRead: [read] };
  },
});

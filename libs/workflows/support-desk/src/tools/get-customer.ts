import { defineTool } from '@countersign/tool-sdk';
import { getCustomerContract } from './get-customer.contract.js';
import { ask, taken } from './helpdesk.js';

export const getCustomer = defineTool({
  contract: getCustomerContract,
  async read(context, { customerId }) {
    const path = `/v1/customers/${encodeURIComponent(String(customerId))}`;
    const record = await ask(context, { method: 'GET', path });
    const { value, read } = taken(context, 'customer', getCustomerContract.output, record);
    return { result: value, recordsRead: [read], restricted: value.restricted };
  },
});

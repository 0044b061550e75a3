import { z } from 'zod';
import type { Json } from '@countersign/contracts';
import { defineTool, type CommitOutcome } from '@countersign/tool-sdk';
import { deleteCustomerContract } from './delete-customer.contract.js';
import { recordFields } from './fields.js';
import { ask, changed, holds, ifVersion, lookedUp, now, previewed } from './helpdesk.js';

const answered = z.object({ record: z.object({ id: z.string(), deletedAt: z.string() }) });

function done(body: Json): CommitOutcome {
  const { id, deletedAt } = answered.parse(body).record;
  const recordsChanged = changed(deleteCustomerContract.records, body);
  return { result: { customerId: id, deletedAt }, recordsRead: [], recordsChanged };
}

const pathOf = (customerId: unknown) => `/v1/customers/${encodeURIComponent(String(customerId))}`;

export const deleteCustomer = defineTool({
  contract: deleteCustomerContract,
  preview: (context, { customerId }) => previewed(context, `${pathOf(customerId)}/deletion/preview`, {}),
  commit: async (context, { customerId }) =>
    done(
      await ask(context, {
        method: 'DELETE',
        path: pathOf(customerId),
        body: ifVersion(context.basis['customerVersion']),
      }),
    ),
  lookup: (context) => lookedUp(context, done),
  async done(context, { customerId }) {
    const found = await now(context, 'customer', pathOf(customerId), z.object(recordFields));
    if (found) return holds(false, `${found.read.id} is still there`, found.read);
    return holds(true, `helpdesk has no customer ${String(customerId)} any more`);
  },
});

import { z } from 'zod';
import { Decimal } from 'decimal.js';
import type { Json, JsonObject } from '@countersign/contracts';
import { defineTool, type CommitOutcome } from '@countersign/tool-sdk';
import { ask, changed, holds, ifVersion, lookedUp, now, readOf } from './helpdesk.js';
import { issueRefundContract } from './issue-refund.contract.js';
import { previewRefund } from './refund-preview.js';

const money = z.object({ amount: z.string(), currency: z.string() });
const refund = z.object({ id: z.string(), orderId: z.string(), amount: money });
const refunded = z.object({ record: refund });
/** With the order's own sum and that of all its refunds: they are equal as long as none is lost or counted twice. */
const refundOnOrder = refund.extend({ order: z.object({ version: z.int(), refunded: money, refunds: money }) });

function done(body: Json): CommitOutcome {
  const { id, orderId, amount } = refunded.parse(body).record;
  const recordsChanged = changed(issueRefundContract.records, body);
  return { result: { refundId: id, orderId, ...amount }, recordsRead: [], recordsChanged };
}

/** With a basis the refund is conditional on the order's version: nothing happens if it moved since it was looked at. */
function requestOf(args: Record<string, unknown>, basis: JsonObject): JsonObject {
  const { orderId, amount, currency, reason } = args as Record<string, string>;
  return { orderId, amount, currency, reason, ...ifVersion(basis['orderVersion']) } as JsonObject;
}

const same = (a: string, b: string) => new Decimal(a).equals(b);

export const issueRefund = defineTool({
  contract: issueRefundContract,
  preview: previewRefund,
  commit: async (context, args) =>
    done(await ask(context, { method: 'POST', path: '/v1/refunds', body: requestOf(args, context.basis) })),
  lookup: (context) => lookedUp(context, done),
  async done(context, args, { result }) {
    const path = `/v1/refunds/${encodeURIComponent(String(result['refundId']))}`;
    const found = await now(context, 'refund', path, refundOnOrder);
    if (!found) return holds(false, `helpdesk has no refund ${String(result['refundId'])}`);
    const { amount, orderId, order } = found.value;
    const asAsked =
      orderId === args['orderId'] &&
      amount.currency === args['currency'] &&
      same(amount.amount, String(args['amount'])) &&
      same(order.refunded.amount, order.refunds.amount);
    const detail = `${found.read.id} is ${amount.amount} ${amount.currency} on ${orderId}, of which ${order.refunded.amount} is refunded`;
    return holds(asAsked, detail, found.read, readOf(context, 'order', orderId, order.version));
  },
});

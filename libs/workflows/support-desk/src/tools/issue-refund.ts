import { z } from 'zod';
import type { Json, JsonObject } from '@countersign/contracts';
import { defineTool, type CommitOutcome } from '@countersign/tool-sdk';
import { ask, changed, lookedUp } from './helpdesk.js';
import { issueRefundContract } from './issue-refund.contract.js';
import { previewRefund } from './refund-preview.js';

const refunded = z.object({
  record: z.object({
    id: z.string(),
    orderId: z.string(),
    amount: z.object({ amount: z.string(), currency: z.string() }),
  }),
});

function done(body: Json): CommitOutcome {
  const { id, orderId, amount } = refunded.parse(body).record;
  const recordsChanged = changed(issueRefundContract.records, body);
  return { result: { refundId: id, orderId, ...amount }, recordsRead: [], recordsChanged };
}

/** With a basis the refund is conditional on the order's version: nothing happens if it moved since it was looked at. */
function requestOf(args: Record<string, unknown>, basis: JsonObject): JsonObject {
  const { orderId, amount, currency, reason } = args as Record<string, string>;
  const version = basis['orderVersion'];
  return { orderId, amount, currency, reason, ...(version === undefined ? {} : { ifVersion: version }) } as JsonObject;
}

export const issueRefund = defineTool({
  contract: issueRefundContract,
  preview: previewRefund,
  commit: async (context, args) =>
    done(await ask(context, { method: 'POST', path: '/v1/refunds', body: requestOf(args, context.basis) })),
  lookup: (context) => lookedUp(context, done),
});

import { z } from 'zod';
import type { JsonObject, RecordRead } from '@countersign/contracts';
import type { ToolContext } from '@countersign/tool-sdk';
import { orderId, refundEffect } from './fields.js';
import { ask, fitting } from './helpdesk.js';

const preview = z.object({
  effect: z.object({ ...refundEffect, reason: z.string() }),
  basis: z.object({ orderId, orderVersion: z.int() }),
});

/** Asks helpdesk what a refund would change. It changes nothing and rests on the order's version. */
export async function previewRefund(context: ToolContext, refund: Record<string, unknown>) {
  const { amount, currency, reason } = refund;
  const body = { orderId: refund['orderId'], amount, currency, reason } as JsonObject;
  const answer = await ask(context, { method: 'POST', path: '/v1/refunds/preview', body });
  const { effect, basis } = fitting(preview, answer);
  const version = String(basis.orderVersion);
  const read: RecordRead = {
    system: 'helpdesk',
    type: 'order',
    id: basis.orderId,
    version,
    at: context.now().toISOString(),
  };
  return { effect, basis, recordsRead: [read] };
}

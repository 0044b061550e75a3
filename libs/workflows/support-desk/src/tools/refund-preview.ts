import type { JsonObject } from '@countersign/contracts';
import type { ToolContext } from '@countersign/tool-sdk';
import { previewed } from './helpdesk.js';

/** Asks helpdesk what a refund would change. It changes nothing and rests on the order's version. */
export function previewRefund(context: ToolContext, { orderId, amount, currency, reason }: Record<string, unknown>) {
  return previewed(context, '/v1/refunds/preview', { orderId, amount, currency, reason } as JsonObject);
}

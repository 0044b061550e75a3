import { z } from 'zod';
import { defineToolContract } from '@countersign/tool-sdk';
import { amount, count, currency, orderId, refundEffect, workers } from './fields.js';

export const computeRefundPreviewContract = defineToolContract({
  name: 'compute_refund_preview',
  version: '1.0.0',
  description:
    'Computes what a refund of an order would change, and changes nothing. Use it when asked what a refund would do.',
  effect: 'read',
  reversible: true,
  target: 'helpdesk',
  input: z.strictObject({ orderId, amount, currency }),
  output: z.object({ ...refundEffect, orderVersion: count }),
  permissions: workers,
});

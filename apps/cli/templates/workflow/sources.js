// @ts-check
import { defineSource } from '@countersign/context';

/** What the model sees of an order, and no more. */
export const orders = defineSource({
  name: 'order',
  tool: 'get_order',
  argument: 'orderId',
  record: 'order',
  fields: { id: 'system', status: 'system', placedAt: 'system' },
  freshForMs: 30_000,
});

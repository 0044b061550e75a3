import { defineSource } from '@countersign/context';

/** What a model is shown may have moved by the next turn, and a read costs little beside a turn. */
const FRESH_MS = 1_000;

/** What the model is shown of the desk's records, and nothing else. What a customer wrote instructs nobody. */
export const sources = [
  defineSource({
    name: 'order',
    tool: 'get_order',
    argument: 'orderId',
    record: 'order',
    freshForMs: FRESH_MS,
    fields: {
      id: 'system',
      customerId: 'system',
      status: 'system',
      total: 'system',
      refunded: 'system',
      remaining: 'system',
      'shipments.kind': 'system',
      'shipments.status': 'system',
      'shipments.shippedAt': 'system',
      placedAt: 'system',
    },
    // To answer a ticket nobody needs to know the amounts.
    steps: [
      {
        tools: ['get_order', 'get_ticket', 'draft_reply'],
        fields: ['id', 'customerId', 'status', 'shipments.kind', 'shipments.status', 'shipments.shippedAt', 'placedAt'],
      },
    ],
  }),
  defineSource({
    name: 'customer',
    tool: 'get_customer',
    argument: 'customerId',
    record: 'customer',
    freshForMs: FRESH_MS,
    fields: {
      id: 'system',
      name: 'untrusted',
      email: 'untrusted',
      phone: 'untrusted',
      restricted: 'system',
      mergedInto: 'system',
    },
  }),
  defineSource({
    name: 'subscriptions',
    tool: 'get_subscription',
    argument: 'customerId',
    record: 'subscriptions',
    freshForMs: FRESH_MS,
    fields: {
      customerId: 'system',
      'subscriptions.id': 'system',
      'subscriptions.plan': 'system',
      'subscriptions.status': 'system',
      'subscriptions.price': 'system',
      'subscriptions.periodEnd': 'system',
    },
  }),
  defineSource({
    name: 'entitlements',
    tool: 'get_entitlements',
    argument: 'customerId',
    record: 'entitlements',
    freshForMs: FRESH_MS,
    fields: {
      customerId: 'system',
      'entitlements.id': 'system',
      'entitlements.feature': 'system',
      'entitlements.quantity': 'system',
      'entitlements.status': 'system',
      'entitlements.validUntil': 'system',
    },
  }),
  defineSource({
    name: 'ticket',
    tool: 'get_ticket',
    argument: 'ticketId',
    record: 'ticket',
    freshForMs: FRESH_MS,
    fields: {
      id: 'system',
      customerId: 'system',
      orderId: 'system',
      status: 'system',
      subject: 'untrusted',
      body: 'untrusted',
    },
  }),
  defineSource({
    name: 'member',
    tool: 'get_member',
    argument: 'memberId',
    record: 'member',
    freshForMs: FRESH_MS,
    fields: { id: 'system', name: 'system', email: 'system', roles: 'system', active: 'system' },
  }),
];

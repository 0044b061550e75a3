import { allow, defineRule } from '@countersign/policy-kit';

export const reads = defineRule({
  name: 'reads',
  title: "Records of the actor's tenant may be read",
  tools: [
    'get_order',
    'get_customer',
    'get_subscription',
    'get_entitlements',
    'get_ticket',
    'get_member',
    'compute_refund_preview',
  ],
  decide: () => allow('reading changes nothing'),
});

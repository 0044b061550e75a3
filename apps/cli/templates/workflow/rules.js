// @ts-check
import { allow, defineRule } from '@countersign/policy-kit';

export const reads = defineRule({
  name: 'reads',
  title: "Orders of the actor's tenant may be read",
  tools: ['get_order'],
  decide: () => allow('reading changes nothing'),
});

export const tickets = defineRule({
  name: 'tickets',
  title: 'Tickets may be opened',
  tools: ['open_ticket'],
  decide: () => allow('a ticket can be closed again'),
});

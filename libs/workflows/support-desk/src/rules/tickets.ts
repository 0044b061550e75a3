import { allow, defineRule } from '@countersign/policy-kit';

export const tickets = defineRule({
  name: 'tickets',
  title: 'Tickets may be opened',
  tools: ['create_ticket'],
  decide: () => allow('a ticket can be closed again'),
});

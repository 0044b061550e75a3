import { allow, defineRule } from '@countersign/policy-kit';

export const tickets = defineRule({
  name: 'tickets',
  title: 'Tickets may be opened, and replies to them drafted',
  tools: ['create_ticket', 'draft_reply'],
  decide: ({ tool }) =>
    allow(tool.name === 'draft_reply' ? 'a draft is sent to nobody' : 'a ticket can be closed again'),
});

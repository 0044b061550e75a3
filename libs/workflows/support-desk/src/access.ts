import type { Workflow } from '@countersign/workflow-kit';

const said = (...names: string[]) => Object.fromEntries(names.map((name) => [name, `resource.properties.${name}`]));
const by = (id: string) => ({ [id]: 'resource.id' });

/** What may be asked about by AuthZEN. Words that go into a record are `action.properties`: nothing is decided by them. */
export const access: NonNullable<Workflow['access']> = {
  get_order: { resource: 'order', arguments: by('orderId') },
  get_customer: { resource: 'customer', arguments: by('customerId') },
  get_ticket: { resource: 'ticket', arguments: by('ticketId') },
  get_member: { resource: 'member', arguments: by('memberId') },
  issue_refund: {
    resource: 'order',
    arguments: { ...by('orderId'), ...said('amount', 'currency'), reason: 'action.properties.reason' },
  },
  change_member_role: {
    resource: 'member',
    arguments: { ...by('memberId'), ...said('role'), reason: 'action.properties.reason' },
  },
};

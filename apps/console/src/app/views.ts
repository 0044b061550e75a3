/** A view; `roles`: who is offered it (the API refuses the others whatever is offered). `key`: `g` and then this one goes there. */
export interface View {
  path: '/' | '/approvals' | '/traces' | '/kill' | '/workflows' | '/evals' | '/incidents' | '/pipeline' | '/audit';
  title: string;
  key: string;
  roles?: readonly string[];
}

/** In the order of the navigation. */
export const VIEWS: readonly View[] = [
  {
    path: '/',
    title: 'Overview',
    key: 'o',
    roles: ['support-lead', 'auditor', 'sre', 'admin', 'release'],
  },
  { path: '/approvals', title: 'Approvals', key: 'a' },
  { path: '/traces', title: 'Traces', key: 't' },
  { path: '/kill', title: 'Kill switch', key: 'k' },
  { path: '/workflows', title: 'Workflows', key: 'w' },
  { path: '/evals', title: 'Evals', key: 'e' },
  {
    ...{ path: '/incidents', title: 'Incidents', key: 'i' },
    roles: ['sre', 'release', 'auditor', 'admin', 'support-lead'],
  },
  {
    ...{ path: '/pipeline', title: 'Pipeline', key: 'p' },
    roles: ['sre', 'admin', 'auditor', 'support-lead'],
  },
  { path: '/audit', title: 'Audit', key: 'u', roles: ['auditor', 'admin'] },
];

export const viewsOf = (roles: readonly string[]): View[] =>
  VIEWS.filter((view) => !view.roles || view.roles.some((role) => roles.includes(role)));

/** Whether an address is of this view. */
export const isOf = ({ path }: View, pathname: string): boolean =>
  path === '/' ? pathname === '/' : pathname === path || pathname.startsWith(`${path}/`);

/** Where an id leads: an intent or an action to its trace, an approval to its item, an incident to its own page; a record to the traces that touched it. */
export function placeOf(text: string): { to: string; says: string } | undefined {
  const id = text.trim();
  if (/^int_\w+$/.test(id)) return { to: `/traces/${id}`, says: 'Open this trace' };
  if (/^apr_\w+$/.test(id)) return { to: `/approvals/${id}`, says: 'Open this approval' };
  if (/^act_\w+$/.test(id)) return { to: `/traces?subject=${id}`, says: 'The trace of this action' };
  if (/^inc_\w+$/.test(id)) return { to: `/incidents/${id}`, says: 'Open this incident' };
  if (/^[a-z]{2,8}_[\w-]+$/.test(id))
    return { to: `/traces?record=${encodeURIComponent(id)}`, says: `Traces that touched ${id}` };
  return id.length > 2
    ? { to: `/traces?text=${encodeURIComponent(id)}`, says: `Search traces for “${id}”` }
    : undefined;
}

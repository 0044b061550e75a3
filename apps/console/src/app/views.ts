/** The views, in the order of the navigation; `roles`: who is offered it (the API refuses the others whatever is offered). */
export interface View {
  path: '/' | '/approvals' | '/traces' | '/kill' | '/workflows' | '/evals' | '/incidents' | '/pipeline' | '/audit';
  title: string;
  roles?: readonly string[];
}

export const VIEWS: readonly View[] = [
  { path: '/', title: 'Overview', roles: ['support-lead', 'auditor', 'sre', 'admin', 'release'] },
  { path: '/approvals', title: 'Approvals' },
  { path: '/traces', title: 'Traces' },
  { path: '/kill', title: 'Kill switch' },
  { path: '/workflows', title: 'Workflows' },
  { path: '/evals', title: 'Evals' },
  { path: '/incidents', title: 'Incidents', roles: ['sre', 'release', 'auditor', 'admin', 'support-lead'] },
  { path: '/pipeline', title: 'Pipeline', roles: ['sre', 'admin'] },
  { path: '/audit', title: 'Audit', roles: ['auditor', 'admin'] },
];

export const viewsOf = (roles: readonly string[]): View[] =>
  VIEWS.filter((view) => !view.roles || view.roles.some((role) => roles.includes(role)));

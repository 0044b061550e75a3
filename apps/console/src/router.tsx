import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { configureClient } from './api/client.js';
import { Broken } from './app/broken.js';
import { NotFound } from './app/not-found.js';
import { Shell } from './app/shell.js';
import { approvalSearch, approvalsSearch } from './features/approvals/search.js';
import { auditSearch } from './features/audit/search.js';
import { evalsSearch } from './features/evals/search.js';
import { incidentsSearch } from './features/incidents/search.js';
import { overviewSearch } from './features/overview/search.js';
import { pipelineSearch } from './features/pipeline/search.js';
import { traceSearch, tracesSearch } from './features/traces/search.js';

configureClient();

const root = createRootRoute({ component: Shell });
const getParentRoute = () => root;

const routes = [
  createRoute({
    getParentRoute,
    path: '/',
    validateSearch: overviewSearch,
    component: lazyRouteComponent(() => import('./features/overview/page.js'), 'OverviewPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/approvals',
    validateSearch: approvalsSearch,
    component: lazyRouteComponent(() => import('./features/approvals/page.js'), 'ApprovalsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/approvals/$approvalId',
    validateSearch: approvalSearch,
    component: lazyRouteComponent(() => import('./features/approvals/item-page.js'), 'ApprovalPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/traces',
    validateSearch: tracesSearch,
    component: lazyRouteComponent(() => import('./features/traces/page.js'), 'TracesPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/traces/$intentId',
    validateSearch: traceSearch,
    component: lazyRouteComponent(() => import('./features/traces/trace-page.js'), 'TracePage'),
  }),
  createRoute({
    getParentRoute,
    path: '/kill',
    component: lazyRouteComponent(() => import('./features/kill/page.js'), 'KillPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/workflows',
    component: lazyRouteComponent(() => import('./features/workflows/page.js'), 'WorkflowsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/workflows/$workflow',
    component: lazyRouteComponent(() => import('./features/workflows/workflow-page.js'), 'WorkflowPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/evals',
    validateSearch: evalsSearch,
    component: lazyRouteComponent(() => import('./features/evals/page.js'), 'EvalsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/incidents',
    validateSearch: incidentsSearch,
    component: lazyRouteComponent(() => import('./features/incidents/page.js'), 'IncidentsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/incidents/$incidentId',
    component: lazyRouteComponent(() => import('./features/incidents/incident-page.js'), 'IncidentPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/pipeline',
    validateSearch: pipelineSearch,
    component: lazyRouteComponent(() => import('./features/pipeline/page.js'), 'PipelinePage'),
  }),
  createRoute({
    getParentRoute,
    path: '/audit',
    validateSearch: auditSearch,
    component: lazyRouteComponent(() => import('./features/audit/page.js'), 'AuditPage'),
  }),
] as const;

export const router = createRouter({
  routeTree: root.addChildren(routes),
  defaultPreload: 'intent',
  defaultErrorComponent: Broken,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

import { caseOf, runWith } from '../told-run.js';
import type { ConsoleWorld } from './console-world.js';
import { tellRun } from './tell-run.js';

/** A view of the console, and the person who works there. */
export interface Site {
  view: string;
  person: string;
  /** Where it shows what the demo left. */
  address: (world: ConsoleWorld) => string | Promise<string>;
  /** Where it has nothing to show, if that is elsewhere: of a thing that does not exist. */
  empty?: string;
}

const at = (address: string) => () => address;

/** The first of a list, as the person sees it. */
async function first(world: ConsoleWorld, person: string, path: string, id: string): Promise<string> {
  const asking = await world.world.person(person);
  const { status, body } = await asking.call('GET', `${path}?limit=1`);
  const [found] = (body as { data?: Record<string, unknown>[] }).data ?? [];
  if (!found) throw new Error(`${path} has nothing to show to ${person} (${status})`);
  return String(found[id]);
}

export const SITES: readonly Site[] = [
  { view: 'overview', person: 'sam', address: at('/') },
  { view: 'approvals', person: 'bob', address: at('/approvals') },
  {
    view: 'an approval',
    person: 'bob',
    address: async (world) => `/approvals/${await first(world, 'bob', '/v1/approvals', 'approvalId')}`,
    empty: '/approvals/apr_00000000000000000000000000000000',
  },
  { view: 'traces', person: 'audra', address: at('/traces') },
  {
    view: 'a trace',
    person: 'audra',
    address: (world) => `/traces/${world.row('a refund of 900 €').intentId}`,
    empty: '/traces/int_00000000000000000000000000000000',
  },
  { view: 'kill switch', person: 'sam', address: at('/kill') },
  { view: 'workflows', person: 'ruth', address: at('/workflows') },
  { view: 'a workflow', person: 'ruth', address: at('/workflows/support-desk'), empty: '/workflows/no-such-desk' },
  { view: 'evals', person: 'ruth', address: at('/evals') },
  {
    view: 'a run of the evals',
    person: 'ruth',
    address: async (world) => {
      const run = runWith('0'.repeat(64), [
        caseOf('It is denied', 'fail', ['expected no effect, found a refund']),
        caseOf('It is asked'),
      ]);
      return `/evals?run=${(await tellRun(world, run)).id}`;
    },
    empty: '/evals?run=run_00000000000000000000000000000000',
  },
  { view: 'incidents', person: 'sam', address: at('/incidents') },
  {
    view: 'an incident',
    person: 'sam',
    address: async (world) => `/incidents/${await first(world, 'sam', '/v1/incidents', 'id')}`,
    empty: '/incidents/inc_00000000000000000000000000000000',
  },
  { view: 'pipeline', person: 'sam', address: at('/pipeline') },
  { view: 'audit', person: 'audra', address: at('/audit') },
];

/** Whom the API refuses what a view shows. */
export const DENIED: readonly { view: string; person: string; address: string }[] = [
  { view: 'overview', person: 'alice', address: '/' },
  { view: 'incidents', person: 'alice', address: '/incidents' },
  { view: 'pipeline', person: 'alice', address: '/pipeline' },
  { view: 'audit', person: 'bob', address: '/audit' },
];

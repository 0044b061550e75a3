// @ts-check
// DBOS is a library: who asks and what is done are one process, with no network between them.
import { DBOS } from '@dbos-inc/dbos-sdk';
import { serve, settings } from './control.mjs';
import { effects, plan, policy } from './steps.mjs';

/** As many as a container of its size would be given; fewer were slower when it was tried. */
const POOL = 20;
const PERSON_MAY_TAKE_SECONDS = 600;

const { prepare, execute, audit } = effects(settings);
/** @type {Set<string>} */
const waiting = new Set();

/** @param {import('./steps.mjs').Request} request */
async function refund(request) {
  const action = await DBOS.runStep(async () => plan(request), { name: 'plan' });
  const decision = await DBOS.runStep(async () => policy(action), { name: 'policy' });
  if (decision.outcome === 'deny') return decision;
  if (decision.outcome === 'escalate') {
    waiting.add(request.id);
    if ((await DBOS.recv('approval', PERSON_MAY_TAKE_SECONDS)) !== 'approve') return decision;
  }
  const effect = await DBOS.runStep(() => execute(action), { name: 'execute' });
  await DBOS.runStep(() => audit(request.id, action, decision, effect), { name: 'audit' });
  return decision;
}

DBOS.setConfig({
  name: 'governed',
  systemDatabaseUrl: process.env['DBOS_SYSTEM_DATABASE_URL'] ?? '',
  systemDatabasePoolSize: POOL,
  logLevel: 'error',
});
const governed = DBOS.registerWorkflow(refund, { name: 'governed' });
await prepare();
await DBOS.launch();

/** @type {Map<string, Promise<unknown>>} */
const ends = new Map();
serve({
  run: async (request) => (await DBOS.startWorkflow(governed, { workflowID: request.id })(request)).getResult(),
  open: async (request) => {
    const handle = await DBOS.startWorkflow(governed, { workflowID: request.id })(request);
    ends.set(request.id, handle.getResult());
  },
  waiting: async () => waiting.size,
  approve: (id) => DBOS.send(id, 'approve', 'approval'),
  ended: (id) => ends.get(id) ?? Promise.reject(new Error(`${id} was never opened`)),
});

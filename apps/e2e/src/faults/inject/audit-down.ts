import type { Fault } from '../fault.js';
import { held } from './replay.js';
import { instancesOf, lasting } from './waits.js';

const DEFAULT_LIMIT_MS = 30_000;
/** How long nothing may begin. */
const PAST_MS = 8_000;

/** Audit is down until its last heartbeat is older than what executors let pass, and a while longer. */
export const auditDown: Fault = {
  name: 'audit-down',
  async run(context, _random, signal) {
    const { COUNTERSIGN_AUDIT_LIMIT_MS: limit } = context.world.system.env('executor');
    const ms = Number(limit ?? DEFAULT_LIMIT_MS) + PAST_MS;
    const instances = instancesOf(context, 'audit').map(({ instance }) => instance);
    let hits = 0;
    await held(context, instances, async () => {
      await lasting(ms, signal);
      hits = context.inFlight();
    });
    return { hits, note: `${ms} ms` };
  },
};

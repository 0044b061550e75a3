import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SERVICES } from '@countersign/embedded';
import { until } from '@countersign/testing';
import { auditIsComplete } from './audit-completeness.js';
import { Flow } from './flow.js';
import { World } from './world.js';

const AT_LEAST_IN_FLIGHT = 20;
const INTENTS = 200;
const TARGETS = [...SERVICES, 'kafka', 'postgres'];

describe('kill -9 of each service in turn, of Kafka and of PostgreSQL, while intents flow', () => {
  let world: World;
  let flow: Flow;
  beforeAll(async () => {
    world = await World.open();
    flow = new Flow(world, await world.token('alice'), await world.person('bob'), 60, Number.POSITIVE_INFINITY);
    await world.helpdesk.faults({ latencyMs: 50 });
    await flow.start();
  });
  afterAll(async () => {
    await flow?.stop();
    await world?.close();
  });

  it('ends every intent as the client expects, refunds each once and loses no record', async () => {
    const hit: string[] = [];
    for (const target of TARGETS) {
      await until(() => flow.inFlight() >= AT_LEAST_IN_FLIGHT, {
        timeoutMs: 60_000,
        what: `${AT_LEAST_IN_FLIGHT} intents in flight before killing ${target}`,
      });
      const [pid] = world.system.pids()[target] ?? [];
      if (pid === undefined) throw new Error(`no process runs ${target}`);
      hit.push(`${target} ${flow.inFlight()}`);
      const before = flow.ended;
      process.kill(pid, 'SIGKILL');
      await until(() => (world.system.pids()[target] ?? []).some((now) => now !== pid), {
        timeoutMs: 30_000,
        what: `${target} to be started again`,
      });
      await until(() => flow.ended >= before + 10, {
        timeoutMs: 60_000,
        what: `intents to end after ${target} was killed`,
      });
    }
    await until(() => flow.expected.size >= INTENTS, { timeoutMs: 60_000, what: `${INTENTS} intents` });
    flow.stopPublishing();
    await until(() => flow.allEnded(), {
      timeoutMs: 60_000,
      what: () => `every intent to end; still open: ${flow.open().join(', ')}`,
    });
    const differences = await flow.differences(await world.person('alice'));
    const records = await auditIsComplete(world);
    console.log(
      `in flight at each kill: ${hit.join(', ')}; ${flow.expected.size} intents, ${records} records in audit`,
    );
    expect(differences).toEqual([]);
  });
});

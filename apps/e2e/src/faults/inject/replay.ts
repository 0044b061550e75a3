import type { CoreService } from '@countersign/embedded';
import type { Fault, FaultContext } from '../fault.js';
import { instancesOf } from './waits.js';

/** A service that has to read all of its topics again from their beginning, with its states as they are. */
export const replay = (service: CoreService): Fault => ({
  name: `replay:${service}`,
  async run(context) {
    const instances = instancesOf(context, service).map(({ instance }) => instance);
    const hits = context.inFlight();
    await held(context, instances, async () => {
      const { rows } = await context.world.owner.query<{ next: string }>(
        `SELECT sum(next) AS next FROM ${service}.offsets`,
      );
      await context.world.owner.query(`UPDATE ${service}.offsets SET next = 0`);
      context.say(`${service} reads ${rows[0]?.next ?? 0} records again`);
    });
    return { hits };
  },
});

/** While these are down. They come back whatever happens. */
export async function held(context: FaultContext, instances: string[], run: () => Promise<void>): Promise<void> {
  const { system } = context.world;
  await Promise.all(instances.map((instance) => system.hold(instance, 'KILL')));
  try {
    await run();
  } finally {
    await Promise.all(instances.map((instance) => system.release(instance)));
  }
}

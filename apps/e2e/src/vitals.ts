import type { World } from './world.js';

/** Which process runs what, and whether each service says it makes progress. */
export async function vitals(world: World): Promise<{ pids: string; unready: string[] }> {
  const sam = await world.person('sam');
  const { body } = await sam.call('GET', '/v1/pipeline');
  const services = (body as { data: { service: string; ready: boolean }[] }).data;
  const unready = services.filter(({ ready }) => !ready).map(({ service }) => service);
  return { pids: JSON.stringify(world.system.pids()), unready };
}

/** Since `before`, no process has died and every service is ready. */
export async function crashes(world: World, before: { pids: string }): Promise<string[]> {
  const { pids, unready } = await vitals(world);
  return [
    ...(pids === before.pids ? [] : [`processes were ${before.pids} and are ${pids}`]),
    ...unready.map((service) => `${service} is not ready any more`),
  ];
}

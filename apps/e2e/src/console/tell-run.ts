import type { releaseAs } from '@countersign/testing';
import type { ConsoleWorld } from './console-world.js';

export interface Shown {
  id: string;
  report: Parameters<typeof releaseAs>[3];
}

/** As who releases tells it. */
export async function tellRun({ world }: ConsoleWorld, run: object): Promise<Shown> {
  const { status, body } = await (await world.person('ruth')).call('POST', '/v1/evals/runs', run);
  if (status !== 200) throw new Error(`a run of the evals was answered ${status}: ${JSON.stringify(body)}`);
  return (body as { data: [Shown] }).data[0];
}

import { afterEach, describe, expect, it } from '@jest/globals';
import fs from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { throwawayDir } from './engines.js';
import { DataDirInUse } from './errors.js';
import { isAlive } from './ports.js';
import { startSystem, type System } from './system.js';

async function eventually(what: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + 30_000; !(await what()); await delay(50)) {
    if (performance.now() > deadline) throw new Error(`Waited in vain for ${what}`);
  }
}

describe('a system', () => {
  let system: System | undefined;
  afterEach(() => system?.stop());

  const isUp = async (url: string): Promise<boolean> => {
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    await answer?.body?.cancel();
    return answer?.ok === true;
  };
  const pids = (): number[] => Object.values(system!.pids()).flat();

  it('starts, has its services started again when they are killed, and leaves nothing behind', async () => {
    const steps: string[] = [];
    const onProgress = ({ step, seconds }: { step: string; seconds?: number }) =>
      seconds !== undefined && steps.push(step);
    system = await startSystem({ services: ['helpdesk'], fsync: false, onProgress });
    expect(steps.sort()).toEqual(['Apache Kafka', 'PostgreSQL', 'helpdesk']);
    const first = system.pids()['helpdesk']![0]!;
    process.kill(first, 'SIGKILL');
    await eventually(() => system!.pids()['helpdesk']![0] !== first && isUp(system!.urls.helpdesk));
    const running = pids();
    expect(running).toHaveLength(3);
    await system.stop();
    expect(running.filter(isAlive)).toEqual([]);
    expect(fs.existsSync(system.dataDir)).toBe(false);
  });

  it('in a folder of its own comes back on the same ports, and has the folder to itself', async () => {
    const dataDir = throwawayDir('run');
    const options = { dataDir, services: ['helpdesk'] as const, fsync: false };
    system = await startSystem(options);
    const { urls } = system;
    await expect(startSystem(options)).rejects.toThrow(DataDirInUse);
    await system.stop();
    system = await startSystem(options);
    expect(system.urls).toEqual(urls);
    await system.stop();
    fs.rmSync(dataDir, { recursive: true });
  });

  it('whose service can not start says why, and stops all that it started', async () => {
    const dataDir = throwawayDir('run');
    const start = startSystem({ dataDir, services: ['helpdesk'], fsync: false, env: { PORT: 'none' } });
    await expect(start).rejects.toThrow(/helpdesk-1 ended \(exit code \d\) before it was ready\n[^]*PORT/);
    fs.rmSync(dataDir, { recursive: true });
  });
});

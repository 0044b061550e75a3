import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const PROGRAM = `
  const { toldToStop } = await import(process.argv[1]);
  setInterval(() => {}, 1000);
  toldToStop().then(() => console.log('told'));
  console.log('up');
`;

describe('a process that waits to be told to stop', () => {
  let child: ChildProcess;
  let said: string;
  beforeEach(async () => {
    said = '';
    const file = new URL('./stop-signal.ts', import.meta.url).href;
    const argv = ['--input-type=module', '-e', PROGRAM, file];
    child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'ignore', 'ipc'] });
    child.stdout!.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await until(() => said.includes('up'));
  });
  afterEach(() => void child.kill('SIGKILL'));

  async function until(what: () => boolean): Promise<void> {
    for (const deadline = performance.now() + 20_000; !what(); await delay(20))
      if (performance.now() > deadline) throw new Error(`Waited in vain; it said ${said}`);
  }

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('is told by %s, and has the time to clean up', async (signal) => {
    child.kill(signal);
    await until(() => said.includes('told'));
    child.kill(signal);
    child.kill(signal);
    expect(child.exitCode ?? child.signalCode).toBeNull();
  });

  it('is told when the process that launched it is gone', async () => {
    child.disconnect();
    await until(() => said.includes('told'));
  });

  it('ends at once when it is told again later', async () => {
    child.kill('SIGINT');
    await until(() => said.includes('told'));
    const ended = once(child, 'exit');
    await until(() => child.exitCode !== null || !child.kill('SIGINT'));
    expect(await ended).toEqual([1, null]);
  });
});

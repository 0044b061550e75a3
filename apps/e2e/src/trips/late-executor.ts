import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';
import path from 'node:path';
import { until } from '@countersign/testing';
import type { World } from '../world.js';

const MAIN = path.resolve(import.meta.dirname, '../../../executor/dist/main.js');

/** One executor more, started when all was said: it knows of a trip only what the topics and the table tell it. */
export class LateExecutor {
  private constructor(
    private readonly world: World,
    private readonly child: ChildProcess,
  ) {}

  static async start(world: World): Promise<LateExecutor> {
    const port = await freePort();
    const env = { ...world.system.env('executor'), COUNTERSIGN_INSTANCE: 'executor-late', PORT: String(port) };
    const child = spawn(process.execPath, [MAIN], { env, stdio: 'ignore' });
    const isReady = async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.status === 200;
    await until(isReady, { what: 'a late executor to be ready', timeoutMs: 60_000 });
    return new LateExecutor(world, child);
  }

  /** With the others asleep. */
  async alone<T>(run: () => Promise<T>): Promise<T> {
    const others = this.world.system.pids()['executor'] ?? [];
    try {
      for (const pid of others) process.kill(pid, 'SIGSTOP');
      return await run();
    } finally {
      for (const pid of others) process.kill(pid, 'SIGCONT');
    }
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await gone;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

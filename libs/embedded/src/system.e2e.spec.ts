import { afterEach, describe, expect, it } from '@jest/globals';
import fs from 'node:fs';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { throwawayDir } from './engines.js';
import { DataDirInUse } from './errors.js';
import { freePort, isAlive } from './ports.js';
import { startSystem } from './system.js';
import type { System, SystemOptions } from './system-options.js';

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
    const { via, close } = await somethingBetween();
    const instanceEnv = () => ({ LOG_LEVEL: 'debug' });
    system = await startSystem({ services: ['helpdesk'], fsync: false, via, instanceEnv, onProgress });
    expect(steps.sort()).toEqual(['Apache Kafka', 'PostgreSQL', 'helpdesk']);
    const first = system.pids()['helpdesk']![0]!;
    process.kill(first, 'SIGKILL');
    await eventually(() => system!.pids()['helpdesk']![0] !== first && isUp(system!.urls.helpdesk));
    await tellsOfWhatStandsBetween(system, via);
    await keepsDownWhatIsHeld(system);
    const running = pids();
    expect(running).toHaveLength(3);
    await system.stop();
    expect(running.filter(isAlive)).toEqual([]);
    expect(fs.existsSync(system.dataDir)).toBe(false);
    close();
  });

  type Between = Required<NonNullable<SystemOptions['via']>>;

  async function somethingBetween(): Promise<{ via: Between; close: () => void }> {
    const [between, behind, postgres, helpdesk] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
    const proxy = net.createServer((client) => {
      const server = net.connect(behind, '127.0.0.1').on('error', () => undefined);
      client
        .on('error', () => undefined)
        .pipe(server)
        .pipe(client);
    });
    proxy.listen(between, '127.0.0.1');
    const kafka = { proxy: between, target: behind };
    const via = { kafka, postgres: { proxy: 1, target: postgres }, helpdesk: { proxy: 2, target: helpdesk } };
    return { via, close: () => void proxy.close() };
  }

  /** Services are sent there and, by Kafka itself, kept there; everybody else goes straight. */
  async function tellsOfWhatStandsBetween({ env, urls }: System, via: Between): Promise<void> {
    const { KAFKA_BROKERS: brokers, DATABASE_URL: database, HELPDESK_URL: helpdesk } = env('executor');
    expect(brokers).toBe(`127.0.0.1:${via.kafka.proxy}`);
    expect(database).toContain('@127.0.0.1:1/');
    expect(helpdesk).toBe('http://127.0.0.1:2');
    expect([urls.helpdesk, new URL(urls.postgres).port]).toEqual([
      `http://127.0.0.1:${via.helpdesk.target}`,
      String(via.postgres.target),
    ]);
    expect(await brokerPort(brokers!)).toBe(via.kafka.proxy);
    expect(await brokerPort(urls.kafka)).toBe(Number(urls.kafka.split(':')[1]));
  }

  async function brokerPort(broker: string): Promise<number> {
    const admin = new kafkajs.Kafka({ brokers: [broker], logLevel: kafkajs.logLevel.NOTHING }).admin();
    await admin.connect();
    try {
      return (await admin.describeCluster()).brokers[0]!.port;
    } finally {
      await admin.disconnect();
    }
  }

  async function keepsDownWhatIsHeld(held: System): Promise<void> {
    await held.hold('helpdesk-1', 'KILL');
    expect(await isUp(held.urls.helpdesk)).toBe(false);
    await held.release('helpdesk-1', { env: { WORD: 'then' }, nodeFlags: ['--trace-warnings'] });
    const { pid } = held.instances().find(({ instance }) => instance === 'helpdesk-1')!;
    expect(fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toContain('--trace-warnings');
    const told = fs.readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    expect(told).toEqual(expect.arrayContaining(['WORD=then', 'LOG_LEVEL=debug']));
  }

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

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DataDir } from './data-dir.js';
import { throwawayDir } from './engines.js';
import { freePort, isAlive, ownsPort } from './ports.js';
import { repoRoot } from './repo-root.js';
import { Supervisor, type ProcessSpec, type SupervisorEvent } from './supervisor.js';

const LISTEN = `require('node:http').createServer((_, answer) => answer.end()).listen(process.env.PORT, '127.0.0.1')`;
const env = { PATH: process.env['PATH'] ?? '' };
const program = (text: string): string[] => [process.execPath, '-e', text];

async function eventually(what: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 15_000; !what();) {
    if (performance.now() > deadline) throw new Error(`Waited in vain for ${what}`);
    await delay(20);
  }
}

describe('the supervisor (the numbers are those of supervisor.ts)', () => {
  let data: DataDir;
  let supervisor: Supervisor;
  let events: SupervisorEvent[];
  beforeEach(async () => {
    data = await DataDir.take(throwawayDir('run'));
    supervisor = new Supervisor(data);
    events = [];
    supervisor.onEvent((event) => events.push(event));
  });
  afterEach(async () => {
    await supervisor.close();
    data.release();
    data.remove();
  });

  async function listener(text = LISTEN): Promise<{ spec: ProcessSpec; port: number }> {
    const port = await freePort();
    const isReady = (pid: number) => Promise.resolve(ownsPort(pid, port));
    return { port, spec: { name: 'web', argv: program(text), env: { ...env, PORT: String(port) }, isReady } };
  }

  it('does not take the answer of another program for that of its own (1)', async () => {
    const { spec, port } = await listener(`setInterval(() => 0, 1000)`);
    const stranger = http.createServer().listen(port, '127.0.0.1');
    await once(stranger, 'listening');
    await expect(supervisor.start({ ...spec, readyTimeoutMs: 500 })).rejects.toThrow('web was not ready after 0.5 s');
    stranger.close();
    expect(supervisor.pids()).toEqual({});
  });

  it('reports the pid of the program itself, and starts it again when that is killed (2)', async () => {
    const { spec, port } = await listener();
    await supervisor.start(spec);
    const [first] = supervisor.pids()['web']!;
    expect(ownsPort(first!, port)).toBe(true);
    process.kill(first!, 'SIGKILL');
    await eventually(() => events.filter(({ type }) => type === 'ready').length === 2);
    const [second] = supervisor.pids()['web']!;
    expect(second).not.toBe(first);
    expect(ownsPort(second!, port)).toBe(true);
    expect(events.map(({ type }) => type)).toEqual(['started', 'ready', 'died', 'started', 'ready']);
    expect(events[2]).toMatchObject({ cause: 'SIGKILL', restartInMs: 100 });
  });

  it('fails the start of what ends three times, with the end of its log (3)', async () => {
    const { spec } = await listener(`console.error('no such setting'); process.exit(1)`);
    const start = supervisor.start(spec);
    await expect(start).rejects.toThrow(/web ended \(exit code 1\) before it was ready\n(no such setting\n?){3}/);
    expect(events.filter(({ type }) => type === 'started')).toHaveLength(3);
  });

  it('fails the start of what says that its settings are wrong at once (3)', async () => {
    const { spec } = await listener(`process.exit(2)`);
    await expect(supervisor.start(spec)).rejects.toThrow('web ended (exit code 2)');
    expect(events.filter(({ type }) => type === 'started')).toHaveLength(1);
  });

  it('kills what does not end in its time, and what that started (4)', async () => {
    const stubborn = `
      process.on('SIGTERM', () => 0);
      const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)']);
      console.log(child.pid);
      ${LISTEN}`;
    const { spec } = await listener(stubborn);
    await supervisor.start({ ...spec, stopTimeoutMs: 300 });
    const [pid] = supervisor.pids()['web']!;
    const grandchild = Number(fs.readFileSync(supervisor.logFile('web'), 'utf8'));
    await supervisor.stop('web');
    expect(isAlive(pid!)).toBe(false);
    await eventually(() => !isRunning(grandchild));
    expect(supervisor.pids()).toEqual({});
  });

  it('keeps down what is held, and starts it again with what is then said to it (6)', async () => {
    const { spec } = await listener(`console.log(process.env.WORD); ${LISTEN}`);
    const said = (WORD: string) => ({ env: { ...spec.env, WORD } });
    await supervisor.start({ ...spec, ...said('first') });
    await supervisor.hold('web', 'KILL');
    expect(supervisor.instances()).toEqual([{ name: 'web', instance: 'web', pid: undefined, ready: false }]);
    await supervisor.release('web', said('then'));
    expect(supervisor.instances()).toMatchObject([{ pid: expect.any(Number), ready: true }]);
    expect(fs.readFileSync(supervisor.logFile('web'), 'utf8')).toBe('first\nthen\n');
    expect(events.map(({ type }) => type)).toEqual(['started', 'ready', 'stopped', 'started', 'ready']);
  });

  it('keeps down what is held while it was about to be started again (6)', async () => {
    const { spec } = await listener();
    await supervisor.start(spec);
    const died = new Promise<void>((resolve) => supervisor.onEvent(({ type }) => type === 'died' && resolve()));
    process.kill(supervisor.pids()['web']![0]!, 'SIGKILL');
    await died;
    await supervisor.hold('web');
    await supervisor.release('web');
    expect(events.map(({ type }) => type)).toEqual(['started', 'ready', 'died', 'started', 'ready']);
  });

  describe('killed itself', () => {
    const dist = path.join(repoRoot(), 'libs/embedded/dist/index.js');
    let dir: string;
    beforeEach(() => {
      dir = throwawayDir('run');
    });
    afterEach(() => fs.rmSync(dir, { recursive: true }));

    /** A supervisor of its own process, with two programs that do not heed SIGTERM. */
    async function another(): Promise<{ crashing: ChildProcess; pids: number[] }> {
      const text = `
        const { DataDir, Supervisor } = await import(${JSON.stringify(dist)});
        const supervisor = new Supervisor(await DataDir.take(${JSON.stringify(dir)}));
        const argv = [process.execPath, '-e', 'process.on("SIGTERM", () => 0); setInterval(() => 0, 1000)'];
        const spec = { argv, env: {}, isReady: () => Promise.resolve(true) };
        for (const name of ['a', 'b']) await supervisor.start({ ...spec, name });
        console.log(Object.values(supervisor.pids()).flat().join());`;
      const stdio: StdioOptions = ['ignore', 'pipe', 'inherit'];
      const crashing = spawn(process.execPath, ['--input-type=module', '-e', text], { stdio });
      const [line] = (await once(crashing.stdout!, 'data')) as [Buffer];
      return { crashing, pids: line.toString().trim().split(',').map(Number) };
    }

    it('leaves nothing running (5)', async () => {
      const { crashing, pids } = await another();
      expect(pids.filter(isAlive)).toHaveLength(2);
      crashing.kill('SIGKILL');
      await eventually(() => !pids.some(isRunning));
    });

    it('leaves nothing running when its guardian had been killed before (5, and 4 of guardian.ts)', async () => {
      const { crashing, pids } = await another();
      const guardians = () =>
        childrenOf(crashing.pid!).filter((pid) => commandOf(pid).includes('countersign-guardian'));
      const [first] = guardians();
      process.kill(first!, 'SIGKILL');
      await eventually(() => guardians().some((pid) => pid !== first));
      crashing.kill('SIGKILL');
      await eventually(() => !pids.some(isRunning));
    });
  });
});

const commandOf = (pid: number): string => fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');

function childrenOf(parent: number): number[] {
  const pids = fs.readdirSync('/proc').map(Number).filter(Number.isInteger);
  return pids.filter((pid) => new RegExp(`\\) [^Z] ${parent} `).test(statOf(pid)));
}

function statOf(pid: number): string {
  try {
    return fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return ''; // it has ended since it was listed
  }
}

/** A zombie that nobody has waited for yet is not running. */
const isRunning = (pid: number): boolean => /\) [^Z] /.test(statOf(pid));

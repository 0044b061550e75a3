import fs from 'node:fs';
import type { Service } from '@countersign/embedded';
import type { Fault, FaultContext } from '../fault.js';
import { between, oneOf } from '../numbers.js';
import { instancesOf, lasting, readyAgain } from './waits.js';

const STARTS_MS = 10_000;
const LOOK_MS = 50;

/** One time in five whichever runs dies: one that is not ready yet has nothing in flight, which is a kill too, and told apart. */
const AIMED_SHARE = 4 / 5;

/** SIGKILL of one of its instances. */
export const kill = (service: Service): Fault => ({
  name: `kill:${service}`,
  async run(context, random, signal) {
    const isAimed = random() < AIMED_SHARE;
    const running = () => instancesOf(context, service).filter(({ pid }) => pid !== undefined);
    const ready = () => running().filter((one) => one.ready);
    const isTime = () => (isAimed ? ready().length > 0 && context.inFlight() > 0 : running().length > 0);
    for (const deadline = performance.now() + STARTS_MS; !isTime() && performance.now() < deadline && !signal.aborted;)
      await lasting(LOOK_MS, signal);
    const victim = oneOf(random, isAimed && ready().length > 0 ? ready() : running());
    if (!victim) return { hits: 0, note: `no process of ${service} ran` };
    send(victim.pid!, 'SIGKILL');
    return victim.ready ? { hits: context.inFlight() } : { hits: 0, note: 'not ready yet' };
  },
});

/** Longer than an executor's lease (30 s) one time in eight: it wakes up to rows that are another's. */
const LONG_MS = 33_000;

export const freeze = (name: Service | 'kafka'): Fault => ({
  name: `freeze:${name}`,
  async run(context, random, signal) {
    const victim = oneOf(random, instancesOf(context, name));
    const isLong = name === 'executor' && random() < 1 / 8;
    const ms = isLong ? LONG_MS : between(random, 300, 6_000);
    if (victim?.pid === undefined) return { hits: 0, note: `no process of ${name} ran` };
    const hits = victim.ready ? context.inFlight() : 0;
    send(victim.pid, 'SIGSTOP');
    try {
      await lasting(ms, signal);
    } finally {
      send(victim.pid, 'SIGCONT');
    }
    return { hits, note: `${ms} ms` };
  },
});

/** A broker that is there no more, with all that it had not written. */
export const killKafka: Fault = {
  name: 'kill:kafka',
  run: (context) => endEngine(context, 'kafka', (pid) => send(pid, 'SIGKILL')),
};

/** What a crash of the server is: all of its processes gone at once. */
export const crashPostgres: Fault = {
  name: 'kill:postgres',
  run: (context) =>
    endEngine(context, 'postgres', (pid) => [pid, ...childrenOf(pid)].forEach((one) => send(one, 'SIGKILL'))),
};

async function endEngine(context: FaultContext, engine: string, end: (pid: number) => void) {
  const [victim] = instancesOf(context, engine);
  if (victim?.pid === undefined) return { hits: 0, note: `${engine} did not run` };
  const hits = victim.ready ? context.inFlight() : 0;
  end(victim.pid);
  await readyAgain(context, engine, victim.pid);
  return { hits };
}

/** It may have ended by itself, or by another fault. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const childrenOf = (parent: number): number[] =>
  fs.readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').split(' ').filter(Boolean).map(Number);

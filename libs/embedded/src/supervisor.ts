/*
 * What the supervisor guarantees:
 * 1. A process is called ready when it has answered its readiness question and is itself the one that answers.
 * 2. A process that ends without having been asked to is started again, after 0.1 s and then twice as long each time up to 3 s.
 * 3. A process that ends three times, or once with exit code 2, before it was ever ready fails the start with the end of its log.
 * 4. `stop` returns when the process has ended: its stop signal first, SIGKILL for its group after its time.
 * 5. Nothing that it started outlives this process (guardian.ts).
 * 6. What is held stays down, whatever it died of, until it is released.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { DataDir } from './data-dir.js';
import { StartFailed } from './errors.js';
import { Guardian } from './guardian.js';

export interface ProcessSpec {
  /** The service or engine. */
  name: string;
  /** Which of its instances; the name when there is one only. */
  instance?: string;
  argv: string[];
  env: Record<string, string>;
  cwd?: string;
  uid?: number;
  gid?: number;
  stopSignal?: 'TERM' | 'INT' | 'QUIT' | 'KILL';
  stopTimeoutMs?: number;
  readyTimeoutMs?: number;
  /** Asked again and again until it answers true. */
  isReady(pid: number): Promise<boolean>;
}

export type SupervisorEvent =
  | { type: 'started'; name: string; instance: string; pid: number }
  | { type: 'ready'; name: string; instance: string; pid: number; seconds: number }
  | { type: 'died'; name: string; instance: string; pid: number; cause: string; restartInMs: number }
  | { type: 'stopped'; name: string; instance: string; pid: number };

export interface Instance {
  name: string;
  instance: string;
  /** Undefined while it is down. */
  pid: number | undefined;
  ready: boolean;
}

interface Charge {
  spec: ProcessSpec;
  instance: string;
  child: ChildProcess | undefined;
  stopping: AbortController;
  everReady: boolean;
  /** Whether the process that runs now has answered. */
  ready: boolean;
  /** While somebody polls. */
  asking: Promise<void> | undefined;
  deaths: number;
  /** Rejects when the first start has failed. */
  failed: PromiseWithResolvers<never>;
}

const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 3000;
const DEATHS_BEFORE_READY = 3;
const EXIT_USAGE = 2;

export class Supervisor {
  private readonly guardian = new Guardian();
  private readonly charges = new Map<string, Charge>();
  private readonly listeners: ((event: SupervisorEvent) => void)[] = [];

  constructor(private readonly data: DataDir) {}

  onEvent(listener: (event: SupervisorEvent) => void): void {
    this.listeners.push(listener);
  }

  /** Starts a process and waits until it is ready. From then on it is kept running until `stop`. */
  async start(spec: ProcessSpec): Promise<void> {
    const instance = spec.instance ?? spec.name;
    if (this.charges.has(instance)) throw new Error(`${instance} is already supervised`);
    const failed = Promise.withResolvers<never>();
    const stopping = new AbortController();
    const charge: Charge = {
      spec,
      instance,
      stopping,
      failed,
      child: undefined,
      everReady: false,
      ready: false,
      asking: undefined,
      deaths: 0,
    };
    this.charges.set(instance, charge);
    this.launch(charge);
    try {
      await Promise.race([this.becomesReady(charge), failed.promise]);
    } catch (error) {
      await this.stop(instance);
      throw error;
    }
  }

  /** The pids of the running processes of each service or engine. */
  pids(): Record<string, number[]> {
    const all: Record<string, number[]> = {};
    for (const { name, pid } of this.instances())
      all[name] = [...(all[name] ?? []), ...(pid === undefined ? [] : [pid])];
    return all;
  }

  /** Everything supervised, in the order of its start. */
  instances(): Instance[] {
    return [...this.charges.values()].map(({ spec, instance, child, ready }) => {
      const pid = running(child)?.pid;
      return { name: spec.name, instance, pid, ready: ready && pid !== undefined };
    });
  }

  logFile(instance: string): string {
    return path.join(this.data.child('logs'), `${instance}.log`);
  }

  /** Ends a process for good. */
  async stop(instance: string): Promise<void> {
    const charge = this.charges.get(instance);
    if (!charge) return;
    await this.end(charge, charge.spec.stopSignal ?? 'TERM');
    this.charges.delete(instance);
  }

  /** Ends a process and keeps it down until `release`. */
  async hold(instance: string, signal?: ProcessSpec['stopSignal']): Promise<void> {
    const charge = this.charge(instance);
    await this.end(charge, signal ?? charge.spec.stopSignal ?? 'TERM');
    await charge.asking; // nobody may ask for it any more, or the next one would be called ready twice
  }

  /** Starts what is held, from now on with these instead of its own, and waits until it is ready. */
  async release(instance: string, change: Partial<Pick<ProcessSpec, 'argv' | 'env' | 'cwd'>> = {}): Promise<void> {
    const charge = this.charge(instance);
    if (!charge.stopping.signal.aborted) throw new Error(`${instance} is not held`);
    charge.spec = { ...charge.spec, ...change };
    charge.stopping = new AbortController();
    this.launch(charge);
    await this.becomesReady(charge);
  }

  private charge(instance: string): Charge {
    const charge = this.charges.get(instance);
    if (!charge) throw new Error(`${instance} is not supervised: ${[...this.charges.keys()].join(', ')} are`);
    return charge;
  }

  private async end(charge: Charge, signal: string): Promise<void> {
    charge.stopping.abort();
    const { spec, instance } = charge;
    const child = running(charge.child);
    if (child?.pid === undefined) return;
    const ended = once(child, 'exit');
    process.kill(child.pid, `SIG${signal}`);
    const late = delay(spec.stopTimeoutMs ?? 10_000, 'late', { ref: false });
    if ((await Promise.race([ended, late])) === 'late') process.kill(-child.pid, 'SIGKILL');
    await ended;
    this.emit({ type: 'stopped', name: spec.name, instance, pid: child.pid });
  }

  /** Ends what is left, the last started first, and the guardian. */
  async close(): Promise<void> {
    for (const instance of [...this.charges.keys()].reverse()) await this.stop(instance);
    this.guardian.close();
  }

  private launch(charge: Charge): void {
    const { spec, instance } = charge;
    const output = fs.openSync(this.logFile(instance), 'a');
    const { argv, env, cwd = process.cwd(), stopSignal = 'TERM', uid, gid } = spec;
    const child = this.guardian.spawn({ argv, env, cwd, stopSignal, output, uid, gid });
    fs.closeSync(output);
    charge.child = child;
    charge.ready = false;
    child.once('error', (error) => charge.failed.reject(new StartFailed(`${instance} can't be run: ${error.message}`)));
    charge.failed.promise.catch(() => undefined); // awaited by the first start only
    if (child.pid === undefined) return;
    const pid = child.pid;
    this.data.note(pid);
    this.emit({ type: 'started', name: spec.name, instance, pid });
    child.once('exit', (code, signal) => {
      this.data.forget(pid);
      if (!charge.stopping.signal.aborted) this.relaunch(charge, pid, code, signal);
    });
  }

  private relaunch(charge: Charge, pid: number, code: number | null, signal: string | null): void {
    const { spec, instance } = charge;
    const cause = signal ?? `exit code ${code}`;
    charge.deaths += 1;
    if (!charge.everReady && (code === EXIT_USAGE || charge.deaths >= DEATHS_BEFORE_READY)) {
      charge.failed.reject(
        new StartFailed(`${instance} ended (${cause}) before it was ready\n${this.logTail(instance)}`),
      );
      return;
    }
    const restartInMs = Math.min(FIRST_BACKOFF_MS * 2 ** (charge.deaths - 1), LONGEST_BACKOFF_MS);
    this.emit({ type: 'died', name: spec.name, instance, pid, cause, restartInMs });
    const timer = setTimeout(() => this.again(charge), restartInMs);
    charge.stopping.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  }

  private again(charge: Charge): void {
    this.launch(charge);
    if (charge.asking) return; // the question goes to whichever process runs
    this.becomesReady(charge).catch((error: Error) => {
      fs.appendFileSync(this.logFile(charge.instance), `supervisor: ${error.message}\n`);
    });
  }

  /** Polls until the running process, whichever restart of it that is, answers. */
  private async becomesReady(charge: Charge): Promise<void> {
    const asked = this.ask(charge);
    charge.asking = asked.catch(() => undefined);
    try {
      await asked;
    } finally {
      charge.asking = undefined;
    }
  }

  private async ask(charge: Charge): Promise<void> {
    const { spec, instance } = charge;
    const began = performance.now();
    const limitMs = spec.readyTimeoutMs ?? 90_000;
    for (let pauseMs = 25; !charge.stopping.signal.aborted; pauseMs = Math.min(pauseMs * 1.5, 250)) {
      const pid = charge.child?.pid;
      if (pid !== undefined && (await spec.isReady(pid)) && charge.child?.pid === pid) {
        charge.everReady = true;
        charge.ready = true;
        charge.deaths = 0;
        const seconds = (performance.now() - began) / 1000;
        return this.emit({ type: 'ready', name: spec.name, instance, pid, seconds });
      }
      if (performance.now() - began > limitMs)
        throw new StartFailed(`${instance} was not ready after ${limitMs / 1000} s\n${this.logTail(instance)}`);
      await delay(pauseMs);
    }
  }

  private logTail(instance: string): string {
    const lines = fs.readFileSync(this.logFile(instance), 'utf8').trimEnd().split('\n');
    return lines.slice(-15).join('\n');
  }

  private emit(event: SupervisorEvent): void {
    for (const listener of this.listeners) listener(event);
  }
}

const running = (child: ChildProcess | undefined): ChildProcess | undefined =>
  child?.exitCode === null && child.signalCode === null ? child : undefined;

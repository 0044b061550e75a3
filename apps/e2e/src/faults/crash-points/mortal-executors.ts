import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { freePort } from '@countersign/testing';
import { ROOT } from '../hooks/rewriting.js';

const HOOK = path.resolve(import.meta.dirname, '../hooks/crash.js');
const MAIN = path.join(ROOT, 'apps/executor/dist/main.js');
const FLAGS = ['--disable-warning=TimeoutNegativeWarning', '--max-semi-space-size=16', `--import=${HOOK}`];

const AFTER_AN_END_MS = 500;

interface Slot {
  env: NodeJS.ProcessEnv;
  child?: ChildProcess;
  wasAsked?: boolean;
}

/** Executors that die by a plan, each started again in the moment it died, under its own name. */
export class MortalExecutors {
  /** Of each end that the plan did not bring about: what the process left with, and the end of what it said. */
  readonly endedOtherwise: string[] = [];
  private readonly slots: Slot[] = [];
  private stopped = false;
  private asked = 0;

  private constructor(private readonly log: string) {}

  static async start(count: number, env: NodeJS.ProcessEnv, plan: string): Promise<MortalExecutors> {
    const executors = new MortalExecutors(path.join(plan, 'executors.log'));
    for (let n = 1; n <= count; n++) {
      const own = { COUNTERSIGN_INSTANCE: `executor-${n}`, PORT: String(await freePort()), LOG_LEVEL: 'error' };
      executors.slots.push({ env: { ...env, ...own, COUNTERSIGN_CRASH_PLAN: plan } });
    }
    for (const slot of executors.slots) executors.launch(slot);
    return executors;
  }

  /** One of them, in order; it is started again. */
  askToEnd(): void {
    const slot = this.slots[this.asked++ % this.slots.length]!;
    slot.wasAsked = true;
    slot.child?.kill('SIGTERM');
  }

  /** As a power cut would. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(
      this.slots.map(async ({ child }) => {
        if (!child || child.exitCode !== null || child.signalCode !== null) return;
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      }),
    );
  }

  private launch(slot: Slot): void {
    const output = fs.openSync(this.log, 'a');
    const child = spawn(process.execPath, [...FLAGS, MAIN], {
      cwd: ROOT,
      env: slot.env,
      stdio: ['ignore', output, output],
    });
    fs.closeSync(output);
    slot.child = child;
    slot.wasAsked = false;
    child.once('exit', (code, signal) => {
      if (this.stopped) return;
      const byPlan = signal === 'SIGKILL' || slot.wasAsked;
      if (!byPlan) this.endedOtherwise.push(`${signal ?? `exit code ${code}`}: ${lastLine(this.log)}`);
      // What cannot even start must not be started as fast as the machine can.
      setTimeout(() => this.stopped || this.launch(slot), byPlan ? 0 : AFTER_AN_END_MS);
    });
  }
}

const lastLine = (file: string): string =>
  (fs.readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? '').slice(0, 500);

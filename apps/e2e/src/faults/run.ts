import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SystemOptions } from '@countersign/embedded';
import { until } from '@countersign/testing';
import { auditIsComplete } from '../audit-completeness.js';
import { judge, type Judgement } from './checker/judge.js';
import { ClientLedger } from './client-ledger.js';
import { Depot } from './depot.js';
import { keepEvidence } from './evidence.js';
import type { Fault, FaultContext } from './fault.js';
import { gather } from './gather.js';
import { openGround, type OpenGround } from './ground.js';
import { Load } from './load.js';
import { growths, MemoryWatch, type Growth } from './memory.js';
import { numbers } from './numbers.js';
import { runSchedule, type Done } from './run-schedule.js';
import type { Planned } from './schedule.js';

export interface RunOptions {
  seed: number;
  /** Faults at their times; or one that has its own. None: what is calm is measured. */
  plan: readonly Planned[] | Fault;
  /** The load goes on at least so long. */
  lengthMs: number;
  /** Actions asked for (Infinity: for as long as there are faults), and how many a second at most. */
  total: number;
  perSecond: number;
  window: number;
  tripEveryMs: number;
  /** Older than that audit's word counts no more: short, so that faults reach it. */
  auditLimitMs: number;
  /** How many of each run. */
  instances: NonNullable<SystemOptions['instances']>;
  say: (text: string) => void;
}

export interface Ran extends Judgement {
  faults: Done[];
  /** What no client should have met. */
  failures: string[];
  drainMs: number;
  growths: Growth[];
  seconds: number;
  /** Where all of it was kept, as there are flaws. */
  kept?: string;
}

const LOST_ANSWERS = 0.05;
const DRAIN_MS = 120_000;
const PROGRESS_MS = 10_000;
/** So many intents have ended when the first fault comes. */
const FLOWING = 15;
const DEPOT_TOKEN = 'of-the-depot-alone';
const DEPOT_DESK = fileURLToPath(new URL('../../fixtures/depot-desk', import.meta.url));

/** A system under load and faults from beginning to end, and what the independent checker says of it. */
export async function runFaults(options: RunOptions): Promise<Ran> {
  const random = numbers(options.seed);
  const scratch = mkdtempSync(path.join(tmpdir(), 'countersign-faults-'));
  const depot = await Depot.open(DEPOT_TOKEN, () => random() < LOST_ANSWERS);
  const ground = await openGround(
    {
      workflows: ['@countersign/support-desk', DEPOT_DESK],
      instances: options.instances,
      env: { DEPOT_URL: depot.url, COUNTERSIGN_AUDIT_LIMIT_MS: String(options.auditLimitMs) },
    },
    { dropAnswer: LOST_ANSWERS },
  ).catch(async (error: unknown) => {
    await depot.close();
    throw error;
  });
  let isKept = false;
  try {
    giveCredential(ground);
    const ran = await new Run(options, ground, depot, scratch, random).whole();
    isKept = ran.kept !== undefined;
    return ran;
  } finally {
    await ground.close();
    await depot.close();
    if (!isKept) rmSync(scratch, { recursive: true, force: true });
  }
}

function giveCredential({ world }: OpenGround): void {
  const credentials = path.join(world.system.dataDir, 'credentials', 'depot');
  mkdirSync(credentials, { recursive: true });
  writeFileSync(path.join(credentials, 'acme.token'), DEPOT_TOKEN);
}

class Run {
  readonly #began = performance.now();
  readonly #faults: Done[] = [];
  private readonly ledger: ClientLedger;

  constructor(
    private readonly options: RunOptions,
    private readonly ground: OpenGround,
    private readonly depot: Depot,
    private readonly scratch: string,
    private readonly random: () => number,
  ) {
    this.ledger = new ClientLedger(path.join(scratch, 'client.ndjson'));
  }

  async whole(): Promise<Ran> {
    const { world } = this.ground;
    const { window, total, perSecond, tripEveryMs, auditLimitMs } = this.options;
    const load = await Load.start(world, this.ledger, {
      window,
      total,
      perSecond,
      tripEveryMs,
      random: this.random,
      wasDone: (key) => this.depot.has(key),
    });
    const memory = new MemoryWatch(world);
    const progress = setInterval(() => this.tell(load), PROGRESS_MS);
    try {
      await this.harm(load);
      const lastFaultAt = Date.now();
      const lengthMs = memory.lengthMs;
      await this.drained(load);
      const drainedAt = Date.now();
      const client = this.ledger.entries;
      const { effects } = this.depot;
      const history = await gather(world, { client, auditLimitMs, lastFaultAt, drainedAt, depot: effects });
      const judged = judge(history);
      const hasFlaws = judged.flaws.length + load.failures.length > 0;
      if (hasFlaws) await keepEvidence(this.scratch, history, world);
      const measured = { drainMs: drainedAt - lastFaultAt, growths: growths(memory.samples, lengthMs) };
      return { ...judged, ...this.ran(load), ...measured, ...(hasFlaws ? { kept: this.scratch } : {}) };
    } finally {
      clearInterval(progress);
      memory.stop();
      await load.stop();
    }
  }

  private ran({ failures }: Load): Pick<Ran, 'faults' | 'failures' | 'seconds'> {
    return { faults: this.#faults, failures, seconds: this.seconds };
  }

  private get seconds(): number {
    return (performance.now() - this.#began) / 1_000;
  }

  /** Faults while the load goes on, and the load until its time is over and all of it is asked. */
  private async harm(load: Load): Promise<void> {
    const { plan, lengthMs, total, seed, say } = this.options;
    await until(() => load.watcher.ended.size >= FLOWING, { what: 'the load to flow', timeoutMs: 60_000 });
    const context: FaultContext = { ...this.ground, inFlight: () => load.watcher.inFlight, say };
    const from = performance.now();
    const never = new AbortController().signal;
    if ('run' in plan) await this.harmBy(plan, context, seed, never);
    else await runSchedule(plan, context, never, (done) => this.note(done, from));
    const isOver = () => performance.now() - from >= lengthMs && (load.asked >= total || total === Infinity);
    await until(isOver, {
      what: () => `${load.asked} of ${total} to be asked`,
      timeoutMs: lengthMs + DRAIN_MS,
      everyMs: 200,
    }).catch((error: Error) => load.failures.push(error.message));
  }

  private async harmBy(fault: Fault, context: FaultContext, seed: number, signal: AbortSignal): Promise<void> {
    const from = performance.now();
    const outcome = await fault.run(context, numbers(seed), signal);
    this.note({ ...outcome, name: fault.name, beganMs: 0, tookMs: performance.now() - from }, from);
  }

  private note(done: Done, from: number): void {
    this.#faults.push(done);
    const { name, beganMs, tookMs, hits, note, skipped, failed } = done;
    const at = Date.now() - (performance.now() - from) + beganMs;
    const more = { ...(note && { note }), ...(skipped && { skipped }) };
    this.ledger.write({ what: 'fault', at, until: at + tookMs, name, hits, ...more });
    if (failed ?? skipped) this.options.say(`${name}: ${failed ? `FAILED: ${failed}` : `skipped: ${skipped}`}`);
  }

  /** Nothing is open but what is left in doubt, and audit has all of it. */
  private async drained(load: Load): Promise<void> {
    await load.calm();
    try {
      await until(() => load.isDrained, {
        what: () => `the end of ${load.openNow().slice(0, 10).join(', ')}`,
        timeoutMs: DRAIN_MS,
      });
      await auditIsComplete(this.ground.world, DRAIN_MS);
    } catch (error) {
      load.failures.push((error as Error).message);
    }
  }

  private tell(load: Load): void {
    const { watcher, asked, open } = load;
    const hit = this.#faults.filter(({ hits }) => hits > 0).length;
    const kinds = [...Map.groupBy(this.#faults, ({ name }) => name.split(':')[0]!)].map(
      ([kind, some]) => `${kind} ${some.length}`,
    );
    this.options.say(
      `${asked} asked, ${watcher.ended.size} ended, ${open} open, ${watcher.commitsInFlight} commits in flight, ` +
        `${watcher.inDoubt.size} in doubt; ${this.#faults.length} faults, ${hit} hit something (${kinds.join(', ')})`,
    );
  }
}

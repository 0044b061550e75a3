import { createHash } from 'node:crypto';
import { eventIdOf } from '@countersign/contracts';
import { install, VirtualClock } from './clock.js';
import { AUDIT_LIMIT_MS, LARGE } from './desk.js';
import { ISSUER, makeKeys, type Keys, type Name } from './keys.js';
import { flawsOf, openIntents, type Judged } from './judge.js';
import { CALM } from './network.js';
import { People } from './people.js';
import { Random } from './random.js';
import { BLUEPRINTS } from './services.js';
import { Storm } from './storm.js';
import { SERVICES, World } from './world.js';

const STORM_MS = 10_000;
/** Once nothing goes wrong any more, everything has an end within this. */
const CALM_MS = 240_000;
const BEAT_EVERY_MS = 1_000;
const LOOK_EVERY_MS = 1_500;
/** So many steps go by between two looks whether all is over. */
const LOOKED_AT = 16;

export interface History {
  seed: number;
  flaws: string[];
  /** Of all that happened, in its order. */
  hash: string;
  trace: string[];
  steps: number;
  /** How long it took by its own time. */
  tookMs: number;
  storm: string[];
  judged: Judged;
}

let keys: Promise<Keys> | undefined;

/** One history, from its seed alone. */
export async function history(seed: number, verbose = false): Promise<History> {
  const known = await (keys ??= makeKeys());
  const random = new Random(seed);
  const clock = new VirtualClock(random.fork());
  const restore = install(clock, random.fork());
  try {
    const world = new World(clock, random.fork(), known, BLUEPRINTS, verbose);
    return await new Run(seed, random, world).whole();
  } finally {
    restore();
  }
}

class Run {
  private readonly people: People;
  private readonly storm: Storm;
  private isStormy = true;

  constructor(
    private readonly seed: number,
    private readonly random: Random,
    private readonly world: World,
  ) {
    this.people = new People(world);
    this.storm = new Storm(world, random.fork(), STORM_MS);
  }

  async whole(): Promise<History> {
    const { world, people } = this;
    const { clock } = world;
    const restore = this.provide();
    try {
      this.setUp();
      this.storm.begin();
      clock.after(STORM_MS, () => (this.isStormy = false));
      const ended = await clock.run(
        () => !this.isStormy && clock.steps % LOOKED_AT === 0 && this.isOver(),
        STORM_MS + CALM_MS,
      );
      if (!ended) world.flaws.push(`not all has ended: ${this.leftOver().join('; ')}`);
      if (!ended && world.verbose) tellOpen(world);
    } finally {
      restore();
    }
    const judged = flawsOf(world, people.asked);
    const hash = createHash('sha256').update(world.trace.join('\n')).digest('hex').slice(0, 16);
    return {
      ...{ seed: this.seed, flaws: [...world.flaws, ...judged.flaws], hash, trace: world.trace },
      ...{ steps: clock.steps, tookMs: Math.round(clock.monotonic()), storm: this.storm.said, judged },
    };
  }

  private setUp(): void {
    const { world, random, people } = this;
    people.control('stage/workflow/desk', { stage: 'scoped' }, 'ruth');
    people.release();
    const skew = () => (random.chance(0.2) ? random.between(-1_500, 1_500) : 0);
    for (const service of SERVICES) world.start(service, `${service}-1`, skew());
    world.start('executor', 'executor-2', skew());
    if (random.chance(0.3)) world.start('policy', 'policy-2', skew());
    this.beat(0);
    world.clock.after(LOOK_EVERY_MS, () => this.look());
    world.model = async ({ messages }) => this.modelSays(messages.some(({ role }) => role === 'tool'));
    const count = random.between(3, 8);
    const [from, within] = [random.next() * 2_000, random.pick([100, 2_000, 6_000])];
    for (let at = 0; at < count; at++) world.clock.after(from + random.next() * within, () => this.ask(at));
    if (random.chance(0.3)) world.clock.after(from + random.next() * (within + 500), () => this.trip());
    if (random.chance(0.25)) world.clock.after(1_000 + random.next() * 5_000, () => this.tripWhileSending());
    if (random.chance(0.1)) world.clock.after(1_000 + random.next() * 1_000, () => this.silenceWhileSending());
  }

  private ask(at: number): void {
    const { random, people } = this;
    const name: Name = random.chance(0.8) ? 'alice' : 'erin';
    const id = `req-${at}`;
    const session = `s-${random.between(1, 2)}`;
    const run = random.chance(0.3)
      ? () => people.request(name, id, 'intent', { text: 'Please do something.' }, session)
      : this.call(name, id, session);
    this.world.note(`${name} asks ${id}`);
    run();
    // Products send again when they are not sure.
    if (random.chance(0.2)) this.world.clock.after(random.next() * 3_000, run);
  }

  private call(name: Name, id: string, session: string): () => void {
    const { random, people } = this;
    const dry = random.chance(0.1) ? { dry_run: true } : {};
    const data = { ...this.toolCall(), ...dry };
    return () => people.request(name, id, 'action', data, session);
  }

  private toolCall(): { tool: string; arguments: Record<string, string> } {
    const { random } = this;
    const caseId = `case-${random.between(1, 2)}`;
    const tool = random.pick(['look', 'pay', 'pay', 'book', 'post', 'mail']);
    if (tool === 'look') return { tool, arguments: { caseId } };
    const amount = random.chance(0.25) ? `${LARGE + random.between(1, 300)}.00` : `${random.between(1, LARGE)}.00`;
    return { tool, arguments: { caseId, amount, currency: 'EUR' } };
  }

  private async modelSays(hasSeen: boolean) {
    const { random } = this;
    const spent = { usage: { prompt: 10, completion: 10 }, attempts: 1, durationMs: 1 };
    if (random.chance(0.05)) return { tag: 'failed' as const, error: 'it is away', attempts: 1, durationMs: 1 };
    const answered = { tag: 'answered' as const, finish: 'stop', ...spent };
    if (hasSeen && random.chance(0.8)) return { ...answered, content: 'Done.', calls: [] };
    const calls = Array.from({ length: random.between(1, 2) }, (_, at) => {
      const { tool, arguments: args } = this.toolCall();
      return { id: `call-${at}`, name: tool, arguments: random.chance(0.05) ? '{"half' : JSON.stringify(args) };
    });
    return { ...answered, content: null, calls };
  }

  /** Audit says that it has stored everything. */
  private beat(count: number): void {
    const { world } = this;
    const at = new Date(world.clock.now()).toISOString();
    const type = 'countersign.audit.heartbeat.v1';
    const nobody = { tenantid: '', actorid: '', session: '', correlationid: '', causationid: '', subject: 'audit' };
    const data = { ingestedThrough: at, at, instance: 'audit-1', version: '1.0.0' };
    if (!world.isAuditDown) world.say('audit', { type, id: eventIdOf(type, count), time: at, ...nobody, data });
    world.clock.after(BEAT_EVERY_MS, () => this.beat(count + 1));
  }

  /** People look at what waits for them. Some of it is left to expire. */
  private look(): void {
    const { random, people, world } = this;
    for (const item of people.queue()) {
      const fate = random.next();
      if (fate < 0.6) people.decide(item, random.chance(0.8) ? 'approve' : 'reject');
    }
    for (const doubt of people.doubts()) if (random.chance(0.4)) people.settle(doubt);
    world.clock.after(LOOK_EVERY_MS, () => this.look());
  }

  private trip(): void {
    const { random, people, world } = this;
    const scope = `kill/${random.pick(['*', 'tenant/acme', 'workflow/desk', 'tool/pay', 'tool/mail'])}`;
    people.control(scope, { killed: true, reason: 'INC-42' });
    world.clock.after(random.next() * 6_000, () => people.control(scope, { killed: false }, 'sam'));
  }

  /** Much is on its way to a slow bank when a switch is tripped. */
  private tripWhileSending(): void {
    const { random, world } = this;
    world.weather.bank = { ...CALM, slow: 0.5, slowMs: 1_500 };
    this.burst(100, 500);
    world.clock.after(random.next() * 600, () => this.trip());
    world.clock.after(3_000, () => delete world.weather.bank);
  }

  /** Much is about to be sent when audit has been silent for nearly as long as it may be. */
  private silenceWhileSending(): void {
    const { world } = this;
    world.note('audit is down');
    world.isAuditDown = true;
    world.weather.database = { ...CALM, slow: 0.1, slowMs: 400 };
    this.burst(AUDIT_LIMIT_MS - 1_300, AUDIT_LIMIT_MS);
    world.clock.after(AUDIT_LIMIT_MS + 2_000, () => {
      world.isAuditDown = false;
      delete world.weather.database;
    });
  }

  private burst(fromMs: number, untilMs: number): void {
    const { random, world } = this;
    for (let at = 0; at < 6; at++)
      world.clock.after(fromMs + random.next() * (untilMs - fromMs), () => this.ask(100 + at + Math.round(fromMs)));
  }

  /** The identity provider, by way of `fetch`. */
  private provide(): () => void {
    const before = globalThis.fetch;
    const { world } = this;
    const documents: Record<string, object> = {
      [`${ISSUER}/.well-known/openid-configuration`]: { issuer: ISSUER, jwks_uri: `${ISSUER}/jwks` },
      [`${ISSUER}/jwks`]: { keys: [world.keys.jwk] },
    };
    globalThis.fetch = (async (url: string) => {
      const { down, lostRequest } = world.weather.provider ?? CALM;
      await world.clock.sleep(1 + world.random.next() * 5);
      if (down || world.random.chance(lostRequest)) throw new TypeError('fetch failed');
      const text = JSON.stringify(documents[url]);
      return { ok: true, status: 200, text: async () => text };
    }) as unknown as typeof fetch;
    return () => (globalThis.fetch = before);
  }

  private isOver(): boolean {
    return this.leftOver().length === 0;
  }

  private leftOver(): string[] {
    const { world, people } = this;
    const open = openIntents(world, people.asked).map((id) => `the intent ${id} has no end`);
    if (open.length > 0) return open;
    return [...world.databases].flatMap(([service, { tables }]) =>
      tables.outbox.size > 0 ? [`${service} has not published ${tables.outbox.size} transactions`] : [],
    );
  }
}

/** What the open intents wait for: all that was said of them, and the rows of work that are open. */
function tellOpen(world: World): void {
  for (const topic of ['intents', 'proposals', 'decisions', 'approvals', 'results', 'replies'] as const)
    for (const { headers, timestamp } of world.cluster.read(topic))
      world.note(
        `${topic} at ${timestamp % 1_000_000}: ${String(headers['ce_type'])} ${String(headers['ce_subject'])} of ${String(headers['ce_correlationid'])}`,
      );
  for (const [service, { tables }] of world.databases)
    for (const { id, kind, status, endedAt, notBeforeMs, owner, leaseUntil } of tables.work.values())
      if (endedAt === undefined)
        world.note(
          `${service} has ${kind} ${id} ${status}, from ${notBeforeMs - world.clock.now()} ms, of ${owner} for ${leaseUntil - world.clock.now()} ms`,
        );
}

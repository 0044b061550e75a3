import type { RawRecord, Topic } from '@countersign/contracts';
import type { Random } from './random.js';
import { SERVICES, type Engine, type World } from './world.js';

/** What a process does that must not be left half done. */
const AMBUSHED = [
  ...['bank POST', 'bank GET', 'markSent', 'endWork', 'deferWork', 'addOutbox', 'commit', 'publish', 'advance'],
  ...['take the lock', 'drain', 'end the holders', 'claim', 'gate', 'assigned', 'fetch', 'forget', 'the model'],
];

/** What goes wrong in one history. Each is off in most of them, so that single causes show as well as many at once. */
export class Storm {
  readonly said: string[] = [];

  constructor(
    private readonly world: World,
    private readonly random: Random,
    /** Until then faults come. */
    private readonly untilMs: number,
  ) {}

  begin(): void {
    const { random } = this;
    const kinds: [string, number, () => void][] = [
      ['bad ways', 0.4, () => this.badWays()],
      ['kills', 0.5, () => this.nowAndThen(3, () => this.world.crash(this.anybody(), random.next() * 3_000))],
      ['freezes', 0.4, () => this.nowAndThen(2, () => this.world.freeze(this.anybody(), this.pause()))],
      ['outages', 0.25, () => this.nowAndThen(1, () => this.outage())],
      ['database crashes', 0.25, () => this.nowAndThen(1, () => this.crashDatabase())],
      ['replays', 0.25, () => this.nowAndThen(2, () => this.replay())],
      ['copies', 0.3, () => this.nowAndThen(6, () => this.copy())],
      ['evictions', 0.3, () => this.nowAndThen(3, () => this.evict())],
      ['ambushes', 0.4, () => this.lieInWait()],
      ['audit down', 0.15, () => this.nowAndThen(1, () => this.silenceAudit())],
      ['garbage', 0.2, () => (this.world.garbage = random.next() * 0.3)],
    ];
    for (const [name, chance, unleash] of kinds) {
      if (!random.chance(chance)) continue;
      this.said.push(name);
      unleash();
    }
    this.world.clock.after(this.untilMs, () => this.end());
  }

  private end(): void {
    this.world.note('the storm is over');
    this.world.weather = {};
    this.world.garbage = 0;
    this.world.ambush = () => {};
  }

  /** A process is killed or frozen just as it does something that matters, or has just done it. */
  private lieInWait(): void {
    const { random, world } = this;
    const moments = ['asked', 'done'] as const;
    let left = random.between(1, 3);
    let passing = random.between(0, 4);
    let [what, moment] = [random.pick(AMBUSHED), random.pick(moments)];
    world.ambush = (instance, met, at) => {
      if (left === 0 || met !== what || at !== moment || passing-- > 0) return;
      left--;
      passing = random.between(0, 4);
      [what, moment] = [random.pick(AMBUSHED), random.pick(moments)];
      world.note(`${instance} is met at ${met}, ${at}`);
      if (random.chance(0.5)) world.crash(instance, random.next() * 3_000);
      else world.freeze(instance, this.pause());
    };
  }

  private silenceAudit(): void {
    this.world.note('audit is down');
    this.world.isAuditDown = true;
    this.world.clock.after(3_000 + this.random.next() * 15_000, () => (this.world.isAuditDown = false));
  }

  private badWays(): void {
    const { random, world } = this;
    for (const engine of ['broker', 'database', 'bank', 'provider', 'model'] as const) {
      if (random.chance(0.4)) continue;
      const bad = () => (random.chance(0.5) ? 0 : random.next() * 0.06);
      world.weather[engine] = {
        ...{ lostRequest: bad(), lostAnswer: bad(), down: false },
        ...{ slow: bad() * 2, slowMs: random.pick([50, 300, 800, 2_000, 7_000]) },
      };
    }
  }

  private outage(): void {
    const { random, world } = this;
    const engine = random.pick<Engine>(['broker', 'database', 'bank', 'provider', 'model']);
    const before = world.weather[engine];
    world.note(`${engine} is away`);
    world.weather[engine] = { lostRequest: 0, lostAnswer: 0, slow: 0, slowMs: 0, ...before, down: true };
    world.clock.after(random.next() * 4_000, () => {
      world.note(`${engine} is back`);
      if (before) world.weather[engine] = before;
      else delete world.weather[engine];
    });
  }

  private crashDatabase(): void {
    const service = this.random.pick(SERVICES);
    this.world.note(`the database of ${service} crashes`);
    this.world.databases.get(service)!.crash((of) => this.random.between(0, of));
  }

  /** All that a consumer of a service has read is read again. */
  private replay(): void {
    const service = this.random.pick(SERVICES);
    const { offsets } = this.world.databases.get(service)!.tables;
    const consumers = [...new Set([...offsets.keys()].map((key) => key.split(' ')[0]!))];
    const consumer = consumers.length > 0 ? this.random.pick(consumers) : undefined;
    this.world.note(`${consumer} is to begin again`);
    for (const key of offsets.keys()) if (key.split(' ')[0] === consumer) offsets.set(key, 0n);
  }

  /** A record once more, at another offset. */
  private copy(): void {
    const topics: Topic[] = ['intents', 'decisions', 'results', 'proposals', 'approvals', 'replies', 'control-acks'];
    const topic = this.random.pick(topics);
    const records = this.world.cluster.read(topic);
    if (records.length === 0) return;
    const record = this.random.pick(records);
    this.world.note(`${topic} has ${String(record.headers['ce_type'])} again`);
    this.world.cluster.append(copyOf(record));
  }

  private evict(): void {
    const instance = this.anybody();
    this.world.note(`${instance} loses its partitions`);
    const process_ = this.world.processes.get(instance);
    process_?.broker.evict();
    this.world.clock.after(this.random.next() * 3_000, () => {
      if (process_) this.world.clock.inLife(process_.life, () => process_.broker.heartbeat());
    });
  }

  private pause(): number {
    return this.random.pick([300, 900, 3_000, 9_000, 20_000, 35_000]) * (0.5 + this.random.next());
  }

  private anybody(): string {
    const all = [...this.world.processes.keys()];
    return this.random.pick([...all, ...all.filter((name) => name.startsWith('executor'))]);
  }

  private nowAndThen(atMost: number, run: () => void): void {
    const times = this.random.between(1, atMost);
    for (let time = 0; time < times; time++) this.world.clock.after(this.random.next() * this.untilMs, run);
  }
}

function copyOf({ topic, key, value, headers }: RawRecord) {
  const texts = Object.entries(headers).map(([name, header]) => [name, String(header)] as const);
  return { topic, key: String(key), value: String(value), headers: Object.fromEntries(texts) };
}

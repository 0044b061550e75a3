import {
  createMessaging,
  FakeBroker,
  FakeCluster,
  FakeDatabase,
  FakeStore,
  type FakeQueries,
  type Log,
  type Messaging,
  type MessagingOptions,
} from '@countersign/messaging';
import { eventPen, signedEncoder, type KeyRing } from '@countersign/signing';
import type { EventDraft, Topic } from '@countersign/contracts';
import type { Model } from '@countersign/planner/parts';
import { Bank } from './bank.js';
import type { Life, VirtualClock } from './clock.js';
import type { Keys, SignerName } from './keys.js';
import { BROKEN, CALM, Network, type Moment, type Weather } from './network.js';
import type { Random } from './random.js';

export const SERVICES = ['policy', 'executor', 'approval', 'planner'] as const;
export type ServiceName = (typeof SERVICES)[number];

export type Engine = 'broker' | 'database' | 'bank' | 'provider' | 'model';

/** One life of one instance of a service. */
export interface Process {
  service: ServiceName;
  instance: string;
  life: Life;
  broker: FakeBroker;
  store: FakeStore;
  messaging: Messaging;
}

/** What a service is made of, and what it is made with. */
export type Parts = Pick<MessagingOptions, 'subscriptions' | 'workers'> &
  Pick<Partial<MessagingOptions>, 'project' | 'notReady'>;
export interface Surroundings {
  world: World;
  life: Life;
  instance: string;
  owner: string;
  database: FakeDatabase;
  network: (engine: Engine) => Network;
  messaging: () => Messaging;
  warn: (what: string) => void;
}
export interface Blueprint {
  assemble: (surroundings: Surroundings) => Parts | Promise<Parts>;
  /** The meaning of its SQL in memory. */
  queries: FakeQueries;
}

const ONE_PARTITION: Topic[] = ['control', 'control-acks', 'audit'];
const SESSION_MS = 6_000;
const IDLE_IN_TRANSACTION_MS = 15_000;
/** A service that cannot go on ends, and is started again. */
const RESTART_MS = 500;

export class World {
  readonly cluster: FakeCluster;
  readonly bank: Bank;
  readonly ring: KeyRing;
  readonly databases = new Map<ServiceName, FakeDatabase>();
  readonly processes = new Map<string, Process>();
  readonly trace: string[] = [];
  /** What no part of the system may ever do. */
  readonly flaws: string[] = [];
  weather: Partial<Record<Engine, Weather>> = {};
  /** Of the bank's answers so many are no JSON. */
  garbage = 0;
  /** Told of each request of each process. */
  ambush: (instance: string, what: string, moment: Moment) => void = () => {};
  /** Audit says nothing. */
  isAuditDown = false;
  /** What the model says. */
  model: Model = () => Promise.reject(new Error('no model is scripted'));
  private lives = 0;

  constructor(
    readonly clock: VirtualClock,
    readonly random: Random,
    readonly keys: Keys,
    private readonly blueprints: Record<ServiceName, Blueprint>,
    readonly verbose = false,
  ) {
    this.cluster = new FakeCluster((topic) => (ONE_PARTITION.includes(topic) ? 1 : 2), clock.now);
    this.bank = new Bank(clock, random.between(-200, 200));
    this.ring = keys.ring();
    for (const service of SERVICES) this.databases.set(service, new FakeDatabase(clock.now));
  }

  note(what: string): void {
    this.trace.push(`${this.clock.monotonic().toFixed(3)} ${what}`);
    if (this.verbose) process.stderr.write(`${this.trace.at(-1)!}\n`);
  }

  /** Begins a life of an instance: a new one, or one that died. */
  start(service: ServiceName, instance: string, skewMs = 0): void {
    const life: Life = { name: `${instance}#${++this.lives}`, state: 'running', skewMs, held: [] };
    this.note(`${life.name} starts${skewMs ? `, its clock ${skewMs} ms off` : ''}`);
    this.clock.here.run(life, () => void this.begin(service, instance, life).catch((error) => this.fatal(life, error)));
  }

  /** As a SIGKILL: nothing of it goes on. The engines notice in their own time. */
  crash(instance: string, restartInMs: number): void {
    const process_ = this.processes.get(instance);
    if (!process_ || process_.life.state === 'dead') return;
    const { life, service, broker, store } = process_;
    this.note(`${life.name} is killed`);
    life.state = 'dead';
    life.held = [];
    this.clock.after(this.random.next() * 5, () => this.databases.get(service)!.sever(store.owner));
    this.clock.after(this.random.next() * SESSION_MS, () => broker.evict());
    this.clock.after(restartInMs, () => this.start(service, instance, life.skewMs));
  }

  /** As a SIGSTOP and a SIGCONT. */
  freeze(instance: string, forMs: number): void {
    const process_ = this.processes.get(instance);
    if (!process_ || process_.life.state !== 'running') return;
    const { life, service, broker, store } = process_;
    this.note(`${life.name} is frozen for ${Math.round(forMs)} ms`);
    life.state = 'frozen';
    const whileFrozen = (ms: number, run: () => void) =>
      this.clock.after(ms, () => {
        if (life.state === 'frozen') run();
      });
    whileFrozen(SESSION_MS, () => broker.evict());
    whileFrozen(IDLE_IN_TRANSACTION_MS, () => this.databases.get(service)!.endIdle(store.owner));
    whileFrozen(forMs, () => {
      this.note(`${life.name} goes on`);
      this.clock.thaw(life);
      this.clock.inLife(life, () => broker.heartbeat());
    });
  }

  /** Writes an event as a service does that is not simulated. */
  say(service: SignerName, draft: EventDraft): void {
    this.cluster.append(signedEncoder(service, this.keys.pens[service])(draft));
  }

  private async begin(service: ServiceName, instance: string, life: Life): Promise<void> {
    const database = this.databases.get(service)!;
    const networks = new Map<Engine, Network>();
    const network = (engine: Engine): Network => {
      let found = networks.get(engine);
      if (!found) {
        const note = (what: string) => this.note(`${life.name}: ${what}`);
        const met = (what: string, moment: Moment) => this.ambush(instance, what, moment);
        found = new Network(this.clock, this.random, life, () => this.weather[engine] ?? CALM, note, met);
        networks.set(engine, found);
      }
      return found;
    };
    const owner = `${instance}/${life.name}`;
    const broker = new FakeBroker(this.cluster, network('broker').wire);
    const { assemble, queries } = this.blueprints[service];
    const store = new FakeStore(database, instance, { owner, wire: network('database').wire, queries });
    const warn = (what: string) => this.note(`${life.name}: ${what}`);
    const made: { messaging?: Messaging } = {};
    const messaging = () => made.messaging!;
    const surroundings = { world: this, life, instance, owner, database, network, messaging, warn };
    const parts = await assemble(surroundings);
    made.messaging = createMessaging({
      ...parts,
      ...eventPen(service, this.keys.pens[service]),
      ...{ service, instance, databaseUrl: '', kafka: { brokers: [], ssl: false }, topicPrefix: 'simulated' },
      ...{ parkingKey: PARKING_KEY, ports: { broker, store }, log: this.log(life) },
      onFatal: (error) => this.fatal(life, error),
    });
    this.processes.set(instance, { service, instance, life, broker, store, messaging: made.messaging });
    await made.messaging.start();
  }

  /** What a process cannot go on from is a flaw: nothing here loses records. */
  private fatal(life: Life, error: unknown): void {
    this.flaws.push(`${life.name} cannot go on: ${String(error)}`);
    this.note(`${life.name} cannot go on: ${String(error)}`);
    const [instance] = life.name.split('#');
    this.clock.after(0, () => this.crash(instance!, RESTART_MS));
  }

  private log({ name }: Life): Log {
    const say = (level: string) => (fields: object, message: string) => {
      const { err, ...more } = fields as { err?: unknown };
      const because = err === undefined ? '' : ` (${err instanceof Error ? err.message : String(err)})`;
      const said = `${name}: ${level}: ${message}${because} ${JSON.stringify(more)}`;
      this.note(said);
      // Nobody writes poison here, and nothing loses its work but for the engines' sake.
      if ((level === 'error' && !because.includes(BROKEN)) || message === 'a record is parked')
        this.flaws.push(`${said}${err instanceof Error ? `\n${err.stack}` : ''}`);
    };
    const quiet = () => {};
    return { debug: quiet, info: quiet, warn: say('warning'), error: say('error') };
  }
}

const PARKING_KEY = Buffer.alloc(32, 7);

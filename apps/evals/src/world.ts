import { eventIdOf, type EventDraft, type JsonObject, type OutRecord, type Person } from '@countersign/contracts';
import { answerItem, problemOf } from '@countersign/approval/parts';
import { CONTROL_KEYS, controlKey } from '@countersign/control';
import { createMessaging, FakeBroker, FakeDatabase, FakeStore, type Log, type Messaging } from '@countersign/messaging';
import { eventPen, signedEncoder } from '@countersign/signing';
import type { Answered, CaseWorld, Said, Sink, TokenOf } from './case-world.js';
import type { OpenItem } from './open-items.js';
import { ofNobody, OPERATOR } from './operator.js';
import { Releases } from './releases.js';
import { changeNamed, Quiet, tenantOf, typeOf } from './quiet.js';
import { BLUEPRINTS, SERVICES, type ServiceName, type Surroundings } from './services.js';
import { WatchedCluster } from './watched-cluster.js';

const BEAT_EVERY_MS = 1_000;
const REFUSED = 'countersign.control.refused.v1';

/** The services of one run, in this process: real handlers on messaging's in-memory runtime, in real time. */
export class World implements CaseWorld {
  private readonly quiet: Quiet;
  readonly flaws: string[] = [];
  private readonly cluster: WatchedCluster;
  private readonly databases = new Map<ServiceName, FakeDatabase>();
  private readonly services = new Map<ServiceName, Messaging>();
  private readonly sinks = new Map<string, Sink>();
  private beating: NodeJS.Timeout | undefined;
  private beats = 0;
  private readonly releases: Releases;

  constructor(
    private readonly parts: Omit<Surroundings, 'flaw'>,
    private readonly tokenOf: TokenOf,
  ) {
    this.releases = new Releases(parts.keys.release, (scope, value) => this.control(scope, value));
    for (const service of SERVICES) this.databases.set(service, new FakeDatabase());
    this.quiet = new Quiet(this.databases, () => this.cluster);
    this.cluster = new WatchedCluster((record, place) => {
      if (record.value === null) return;
      this.quiet.appended(record as OutRecord, place);
      this.sinks.get(tenantOf(record))?.(record as OutRecord);
      if (typeOf(record) === REFUSED) this.flaws.push(`the world was not set up: ${String(record.value)}`);
    });
  }

  async start(): Promise<void> {
    for (const service of SERVICES) await this.begin(service);
    this.beat();
    this.beating = setInterval(() => this.beat(), BEAT_EVERY_MS);
    for (const [name, { fingerprint }] of this.parts.workflows) {
      await this.control(`stage/workflow/${name}`, { stage: 'scoped' });
      await this.releases.begin(name, fingerprint);
    }
    if (this.flaws.length > 0) throw new Error(this.flaws.join('; '));
  }

  async stop(): Promise<void> {
    clearInterval(this.beating);
    await Promise.all([...this.services.values()].map((messaging) => messaging.stop()));
  }

  enter(tenants: readonly string[], sink: Sink): void {
    for (const tenant of tenants) this.sinks.set(tenant, sink);
  }

  leave(tenants: readonly string[]): void {
    for (const tenant of tenants) {
      this.sinks.delete(tenant);
      this.quiet.forget(tenant);
      // Every look at the switches would go by them.
      const own = [`kill/tenant/${tenant}`, ...this.names().map((name) => `stage/workflow/${name}/tenant/${tenant}`)];
      for (const { tables } of this.databases.values())
        for (const scope of own) tables.states.delete(controlKey(scope));
    }
  }

  async publish(record: OutRecord): Promise<void> {
    this.cluster.append(record);
  }

  settled(tenants: readonly string[]): Promise<void> {
    return this.quiet.until(tenants);
  }

  async control(scope: string, value: JsonObject): Promise<void> {
    const headers = ofNobody('countersign.control.set.v1');
    headers['authorization'] = `Bearer ${await this.tokenOf(OPERATOR)}`;
    this.cluster.append({ topic: 'control', key: scope, value: JSON.stringify(value), headers });
    await this.quiet.until([changeNamed(headers['ce_id']!)]);
  }

  release(workflow: string): Promise<void> {
    return this.releases.release(workflow, this.parts.workflows.get(workflow)!.fingerprint);
  }

  withdraw(workflow: string): Promise<void> {
    return this.releases.withdraw(workflow);
  }

  async answer(person: Person, { approvalId, actionHash }: OpenItem, said: Said): Promise<Answered> {
    const messaging = this.services.get('approval')!;
    const contractOf = (workflow: string, tool: string) =>
      this.parts.workflows.get(workflow)?.workflow.tools.find(({ name }) => name === tool);
    const answering = { messaging, sealKey: this.parts.keys.tokens.publicKey, contractOf };
    const caller = { person, token: await this.tokenOf(person) };
    const verdict = await answerItem(answering, caller, approvalId, { actionHash, ...said });
    if (verdict.tag === 'recorded') return { ok: true };
    const { code, detail } = problemOf(verdict, approvalId);
    return { ok: false, code, detail };
  }

  /** Forgets all that cases left. Only while none is under way. */
  sweep(): void {
    for (const { tables } of this.databases.values()) {
      for (const key of [...tables.states.keys()]) if (!key.startsWith(CONTROL_KEYS.from)) tables.states.delete(key);
      tables.work.clear();
    }
  }

  private names(): string[] {
    return [...this.parts.workflows.keys()];
  }

  private async begin(service: ServiceName): Promise<void> {
    const { assemble, queries } = BLUEPRINTS[service];
    const instance = `${service}-1`;
    const database = this.databases.get(service)!;
    const flaw = (what: string) => void this.flaws.push(what);
    const parts = assemble({ ...this.parts, flaw, instance, database, messaging: () => messaging });
    const messaging: Messaging = createMessaging({
      ...parts,
      ...eventPen(service, this.parts.keys.pens[service]),
      ...{ service, instance, databaseUrl: '', kafka: { brokers: [], ssl: false }, topicPrefix: 'evals' },
      ports: { broker: new FakeBroker(this.cluster), store: new FakeStore(database, instance, { queries }) },
      ...{ parkingKey: PARKING_KEY, log: this.log(service) },
      onFatal: (error) => flaw(`${service} cannot go on: ${String(error)}`),
    });
    this.services.set(service, messaging);
    for (const consumer of parts.subscriptions)
      if ('prepare' in consumer) this.quiet.addReader({ database, instance, consumer });
    await messaging.start();
  }

  /** Audit says that it has stored everything. */
  private beat(): void {
    const type = 'countersign.audit.heartbeat.v1';
    const time = new Date().toISOString();
    const nobody = { tenantid: '', actorid: '', session: '', correlationid: '', causationid: '', subject: 'audit' };
    const data = { ingestedThrough: time, at: time, instance: 'audit-1', version: '1.0.0' };
    const draft: EventDraft = { type, id: eventIdOf(type, ++this.beats), time, ...nobody, data };
    this.cluster.append(signedEncoder('audit', this.parts.keys.pens.audit)(draft));
  }

  /** A handler that throws, a record that nobody could read: no case means to bring that about. */
  private log(service: ServiceName): Log {
    const flaw = (level: string) => (fields: object, message: string) => {
      if (level === 'warning' && message !== 'a record is parked') return;
      const { err, ...more } = fields as { err?: unknown };
      const because = err instanceof Error ? ` (${err.message})` : '';
      this.flaws.push(`${service}: ${message}${because} ${JSON.stringify(more)}`);
    };
    const quiet = () => {};
    return { debug: quiet, info: quiet, warn: flaw('warning'), error: flaw('error') };
  }
}

const PARKING_KEY = Buffer.alloc(32, 7);

/*
 * Cases through a whole system: its services as processes, on a real Kafka and PostgreSQL. What it guarantees:
 * 1. Nothing of the system is imported or reached into: requests go in by Kafka, a person's word by the gateway, and what is seen are the
 *    records of the topics.
 * 2. A case is settled when each of its intents has ended or waits for a person, and nothing has come for a while.
 */
import { createPrivateKey, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import kafkajs, { type Consumer, type Producer } from 'kafkajs';
import {
  intentIdOf,
  topicName,
  topicOf,
  TOPICS,
  type JsonObject,
  type OutRecord,
  type Person,
  type Problem,
} from '@countersign/contracts';
import { startSystem, type System } from '@countersign/embedded';
import { Signer } from '@countersign/signing';
import type { Answered, CaseWorld, Said, Sink, TokenOf } from './case-world.js';
import { observe } from './observe.js';
import { openItems, type OpenItem } from './open-items.js';
import { ofNobody, OPERATOR } from './operator.js';
import { tenantOf, typeOf } from './quiet.js';
import { Releases } from './releases.js';

const { Kafka, logLevel, Partitioners } = kafkajs;

/** Nothing comes for so long: then nothing more is on its way. */
const STILL_MS = 300;
const LOOK_EVERY_MS = 20;
const LIMIT_MS = 20_000;

interface Tenant {
  sink: Sink;
  records: OutRecord[];
  intents: string[];
  lastAt: number;
}

export interface RealParts {
  /** Said to every service. */
  env: Record<string, string>;
  packages: readonly string[];
  /** Their names. */
  workflows: readonly string[];
  /** Shown to the target for a tenant. */
  credentialFor: (tenant: string) => string;
  tokenOf: TokenOf;
}

export class RealWorld implements CaseWorld {
  readonly flaws: string[] = [];
  private readonly tenants = new Map<string, Tenant>();
  private readonly applied: { scope: string; cause: string }[] = [];
  private readonly releases: Releases;

  private constructor(
    readonly system: System,
    private readonly parts: RealParts,
    private readonly producer: Producer,
    private readonly consumer: Consumer,
  ) {
    const pem = fs.readFileSync(path.join(system.dataDir, 'keys', 'release', 'sign.pem'));
    const key = new Signer(createPrivateKey(pem));
    this.releases = new Releases(key, (scope, value) => this.control(scope, value));
  }

  static async start(parts: RealParts, onStep: (text: string) => void): Promise<RealWorld> {
    const onProgress = ({ step, seconds }: { step: string; seconds?: number }) =>
      seconds !== undefined && onStep(`${step} ${seconds.toFixed(1)} s`);
    const system = await startSystem({
      ...{ workflows: parts.packages, env: parts.env, fsync: false, stages: false, onProgress },
    });
    const kafka = new Kafka({ clientId: 'evals', brokers: system.urls.kafka.split(','), logLevel: logLevel.NOTHING });
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    const consumer = kafka.consumer({ groupId: `evals-${randomUUID()}`, maxWaitTimeInMs: 20 });
    const world = new RealWorld(system, parts, producer, consumer);
    try {
      await world.connect();
      await world.setUp();
      return world;
    } catch (error) {
      await world.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await Promise.allSettled([this.producer.disconnect(), this.consumer.disconnect()]);
    await this.system.stop();
  }

  enter(tenants: readonly string[], sink: Sink): void {
    for (const tenant of tenants)
      this.tenants.set(tenant, { sink, records: [], intents: [], lastAt: performance.now() });
  }

  leave(tenants: readonly string[]): void {
    for (const tenant of tenants) this.tenants.delete(tenant);
  }

  async publish(record: OutRecord): Promise<void> {
    const tenant = this.tenants.get(tenantOf(record));
    const { ce_source: source = '', ce_id: id = '' } = record.headers;
    tenant?.intents.push(intentIdOf(tenantOf(record), source, id));
    if (tenant) await this.admit(tenantOf(record));
    await this.send(record);
  }

  /** Guarantee 2. */
  async settled(tenants: readonly string[]): Promise<void> {
    const until = performance.now() + LIMIT_MS;
    for (;;) {
      const busy = tenants.flatMap((tenant) => this.waitsFor(this.tenants.get(tenant)!));
      if (busy.length === 0) return;
      if (performance.now() > until) throw new Error(`still under way: ${busy.join('; ')}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  async control(scope: string, value: JsonObject): Promise<void> {
    const headers = { ...ofNobody('countersign.control.set.v1') };
    headers['authorization'] = `Bearer ${await this.parts.tokenOf(OPERATOR)}`;
    const cause = headers['ce_id']!;
    await this.send({ topic: 'control', key: scope, value: JSON.stringify(value), headers });
    const until = performance.now() + LIMIT_MS;
    while (!this.applied.some((ack) => ack.cause === cause)) {
      if (performance.now() > until) throw new Error(`${scope} did not come into force`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  async release(workflow: string): Promise<void> {
    await this.releases.release(workflow, await this.fingerprintOf(workflow));
  }

  withdraw(workflow: string): Promise<void> {
    return this.releases.withdraw(workflow);
  }

  async answer(person: Person, { approvalId, actionHash }: OpenItem, said: Said): Promise<Answered> {
    const response = await fetch(`${this.system.urls.gateway}/v1/approvals/${approvalId}/decisions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await this.parts.tokenOf(person)}`, 'content-type': 'application/json' },
      body: JSON.stringify({ actionHash, ...said }),
    });
    const answer = (await response.json()) as Partial<Problem>;
    const tenant = this.tenants.get(person.tenant);
    if (tenant) tenant.lastAt = performance.now();
    if (response.ok) return { ok: true };
    return { ok: false, code: String(answer.code), detail: String(answer.detail) };
  }

  private async connect(): Promise<void> {
    await Promise.all([this.producer.connect(), this.consumer.connect()]);
    const prefix = this.system.topicPrefix;
    await this.consumer.subscribe({ topics: TOPICS.map((topic) => topicName(topic, prefix)), fromBeginning: true });
    const joined = new Promise<void>((resolve) => this.consumer.on(this.consumer.events.GROUP_JOIN, () => resolve()));
    await this.consumer.run({
      eachMessage: async ({ topic, message: { key, value, headers = {} } }) => {
        const strings = Object.entries(headers).map(([name, header]) => [name, String(header)] as const);
        const of = { topic: topicOf(topic, prefix)!, key: key?.toString() ?? '', value: value?.toString() ?? '' };
        this.sees({ ...of, headers: Object.fromEntries(strings) });
      },
    });
    await joined;
  }

  private async setUp(): Promise<void> {
    for (const name of this.parts.workflows) {
      await this.control(`stage/workflow/${name}`, { stage: 'scoped' });
      await this.releases.begin(name, await this.fingerprintOf(name));
    }
    if (this.flaws.length > 0) throw new Error(this.flaws.join('; '));
  }

  private sees(record: OutRecord): void {
    if (typeOf(record) === 'countersign.control.applied.v1') {
      const { scope, service } = JSON.parse(record.value) as { scope: string; service: string };
      const cause = record.headers['ce_causationid'] ?? '';
      if (service === 'executor') this.applied.push({ scope, cause });
    }
    if (typeOf(record) === 'countersign.control.refused.v1')
      this.flaws.push(`the world was not set up: ${record.value}`);
    const tenant = this.tenants.get(tenantOf(record));
    if (!tenant) return;
    tenant.lastAt = performance.now();
    tenant.records.push(record);
    tenant.sink(record);
  }

  private waitsFor({ intents, records, lastAt }: Tenant): string[] {
    const open = intents.filter((intent) => isUnderWay(records.filter((record) => isOf(record, intent))));
    const still = performance.now() - lastAt > STILL_MS;
    return [...open.map((intent) => `the intent ${intent} has no end`), ...(still ? [] : ['records still come'])];
  }

  /** What the executor shows the target for it. */
  private async admit(tenant: string): Promise<void> {
    const file = path.join(this.system.dataDir, 'credentials', 'helpdesk', `${tenant}.token`);
    if (!fs.existsSync(file)) fs.writeFileSync(file, this.parts.credentialFor(tenant), { mode: 0o600 });
  }

  private async send({ topic, key, value, headers }: OutRecord): Promise<void> {
    const messages = [{ key, value, headers }];
    await this.producer.send({ topic: topicName(topic, this.system.topicPrefix), acks: -1, messages });
  }

  private async fingerprintOf(workflow: string): Promise<string> {
    const response = await fetch(`${this.system.urls.gateway}/v1/workflows`, {
      headers: { authorization: `Bearer ${await this.parts.tokenOf(OPERATOR)}` },
    });
    const { data } = (await response.json()) as { data: { name: string; fingerprint: string }[] };
    return data.find(({ name }) => name === workflow)!.fingerprint;
  }
}

const ENDED = ['countersign.reply.sent.v1', 'countersign.intent.refused.v1'];

const isOf = ({ headers }: OutRecord, intent: string) => headers['ce_correlationid'] === intent;

/** Neither ended, nor waiting for a person. */
function isUnderWay(records: readonly OutRecord[]): boolean {
  if (records.some((record) => ENDED.includes(typeOf(record)))) return false;
  const { outcomes } = observe(records);
  const waiting = outcomes.filter(({ ends }) => ends === 'waiting').length;
  const doubtful = outcomes.some(({ ends }) => ends === 'in-doubt');
  const open = openItems(records).length;
  return waiting > open || (open === 0 && !doubtful);
}

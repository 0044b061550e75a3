import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  decodeRecord,
  topicName,
  type AnyEvent,
  type EventDraft,
  type EventType,
  type Incoming,
  type OutRecord,
} from '@countersign/contracts';
import { signRelease, type ReleaseReport } from '@countersign/evals/release';
import { sealToken } from '@countersign/identity';
import { startProvider } from '@countersign/identity/test-provider';
import { checkSignature, loadKeyRing, Signer, signedEncoder } from '@countersign/signing';
import {
  freePort,
  PlainKafka,
  testBrokers,
  testServiceDatabase,
  testTopicPrefix,
  until,
  type TestServiceDatabase,
} from '@countersign/testing';
import { fingerprintOf } from '@countersign/workflow-kit';
import { migrations } from './migrations.js';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const FAR = 4_000_000_000;
const FINGERPRINT = fingerprintOf(path.join(ROOT, 'libs/workflows/support-desk'), { model: 'stand-in', baseUrl: '' });

export const PEOPLE = {
  alice: { sub: 'alice', tenant: 'acme', roles: ['support-agent'] },
  bob: { sub: 'bob', tenant: 'acme', roles: ['support-lead'] },
  erin: { sub: 'erin', tenant: 'globex', roles: ['support-agent'] },
  gil: { sub: 'gil', tenant: 'globex', roles: ['support-lead'] },
  sam: { sub: 'sam', tenant: 'acme', roles: ['sre'] },
  ruth: { sub: 'ruth', tenant: 'acme', roles: ['release'] },
};
export type Name = keyof typeof PEOPLE;
type Ack = Extract<AnyEvent, { type: 'countersign.control.applied.v1' | 'countersign.control.refused.v1' }>;

/** Policy as a process of its own, on real Kafka and PostgreSQL, before a real provider; the other services are this spec's pen. */
export class Stage {
  readonly prefix = testTopicPrefix();
  readonly dir = mkdtempSync(path.join(tmpdir(), 'policy-'));
  readonly pens = new Map<string, Signer>();
  provider: Awaited<ReturnType<typeof startProvider>>;
  #seal: KeyObject;
  #kafka: PlainKafka;
  #database: TestServiceDatabase;
  #child: ChildProcess;
  #output = '';
  #port = 0;

  private constructor(private readonly env: Readonly<Record<string, string>>) {}

  /** `env`: further settings of the process. */
  static async open(env: Readonly<Record<string, string>> = {}): Promise<Stage> {
    const stage = new Stage(env);
    stage.#makeKeys();
    stage.provider = await startProvider();
    stage.#kafka = await PlainKafka.connect();
    await stage.#kafka.createTopics(stage.prefix);
    stage.#database = await testServiceDatabase('policy', { migrations });
    await stage.control('stage/workflow/support-desk', { stage: 'scoped' }, await stage.token('ruth'));
    await stage.control('release/workflow/support-desk', stage.released(Date.now() - 60_000));
    await stage.start();
    return stage;
  }

  /** The release of what is loaded, as a pipeline signs it. */
  released(at: number, fingerprint = FINGERPRINT, workflow = 'support-desk'): object {
    const report: ReleaseReport = {
      ...{ kind: 'release', at: new Date(at).toISOString(), verdict: 'pass', casesDigest: 'none', model: 'recorded' },
      ...{ cases: { passed: 1, failed: 0, errors: 0, skipped: 0 }, generated: 0 },
    };
    return signRelease(workflow, fingerprint, report, this.pens.get('release')!);
  }

  async close(): Promise<void> {
    await this.crash();
    await this.#kafka?.deleteTopics(this.prefix);
    await this.#kafka?.close();
    await this.#database?.drop();
    await this.provider?.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }

  async start(instance = 'policy-1'): Promise<void> {
    const port = (this.#port = await freePort());
    const env = {
      ...{
        PATH: process.env['PATH'],
        PORT: String(port),
        DATABASE_URL: this.#database.serviceUrl,
        KAFKA_BROKERS: testBrokers().join(','),
      },
      ...{
        TOPIC_PREFIX: this.prefix,
        OIDC_ISSUER: this.provider.issuer,
        COUNTERSIGN_KEYS_DIR: this.dir,
        COUNTERSIGN_INSTANCE: instance,
        KAFKAJS_NO_PARTITIONER_WARNING: '1',
        ...this.env,
      },
    };
    this.#child = spawn(process.execPath, ['apps/policy/dist/main.js'], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk) => (this.#output += String(chunk)));
    await until(async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok, {
      what: () => `policy to be ready; it said ${this.#output.slice(-3000)}`,
    });
  }

  /** Where it answers. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Of the owner of all it stores. */
  get databaseUrl(): string {
    return this.#database.url;
  }

  /** All that it has written on its outputs. */
  get output(): string {
    return this.#output;
  }

  /** As an upgrade would. */
  stop = () => this.crash('SIGTERM');

  /** As a power cut would. */
  async crash(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  token(name: Name, claims: Record<string, unknown> = {}, kid = 'k1'): Promise<string> {
    return this.provider.token({ ...PEOPLE[name], exp: FAR, ...claims }, kid);
  }

  sealed = (token: string) => sealToken(this.#seal, token);

  /** What a product service publishes; `timestamp` is what the client claims. */
  async request(
    type: EventType,
    id: string,
    data: object,
    token: string | undefined,
    given: { key?: string; tenantid?: string; timestamp?: string } = {},
  ): Promise<void> {
    const { key = 'acme/s-1', tenantid = 'acme', ...rest } = given;
    const attributes = {
      ce_specversion: '1.0',
      ce_id: id,
      ce_source: '/shop',
      ce_type: type,
      ce_tenantid: tenantid,
      ce_session: 's-1',
    };
    const headers = { ...attributes, ...(token ? { authorization: `Bearer ${token}` } : {}) };
    await this.#kafka.produce(topicName('intents', this.prefix), {
      key,
      value: JSON.stringify(data),
      headers,
      ...rest,
    });
  }

  /** Writes an event as `service` does; `forge` changes the record on its way. */
  async emit(
    service: string,
    draft: EventDraft,
    forge: (record: OutRecord) => OutRecord = (record) => record,
  ): Promise<void> {
    const { topic, ...record } = forge(signedEncoder(service, this.pens.get(service)!)(draft));
    await this.#kafka.produce(topicName(topic, this.prefix), record);
  }

  /** What any client writes on the control topic: bare JSON, or a tombstone. */
  async control(scope: string, value: object | null, token?: string): Promise<void> {
    await this.#kafka.produce(topicName('control', this.prefix), {
      ...{ key: scope, value: value && JSON.stringify(value) },
      headers: token ? { authorization: `Bearer ${token}` } : {},
    });
  }

  /** Waits until an instance has acknowledged so many records of a scope, and answers the last. */
  acked(scope: string, count: number, instance = 'policy-1'): Promise<Ack> {
    const found = async () => {
      const acks = (await this.written('control-acks')).map(({ type, data }) => ({ type, data }) as Ack);
      return acks.filter(({ data }) => data.scope === scope && data.instance === instance)[count - 1];
    };
    return until(found, { what: () => `${count} of ${scope} by ${instance}; it said ${this.#output.slice(-2000)}` });
  }

  /** All that policy decided so far. */
  decisions = () => this.written('decisions');

  /** All that it wrote, each checked to be signed by policy. */
  private async written(topic: 'decisions' | 'control-acks'): Promise<AnyEvent[]> {
    const ring = loadKeyRing(this.dir);
    const stored = await this.#kafka.readAll(topicName(topic, this.prefix));
    return stored.map(({ key, ...record }) => {
      const incoming: Incoming = decodeRecord({ ...record, topic, key: Buffer.from(key ?? '') });
      const check = checkSignature(ring, 'policy', incoming);
      if (!check.ok) throw new Error(`${incoming.event.type} is not policy's: ${check.because}`);
      return incoming.event;
    });
  }

  /** Waits for a decision of this type about an intent. */
  decided<T extends EventType>(type: T, intentId: string, skip = 0): Promise<Extract<AnyEvent, { type: T }>> {
    const found = async () =>
      (await this.decisions()).filter((event) => event.type === type && event.correlationid === intentId)[skip];
    return until(found, { what: () => `${type} of ${intentId}; policy said ${this.#output.slice(-2000)}` }) as Promise<
      Extract<AnyEvent, { type: T }>
    >;
  }

  /** Waits for what becomes of an intent's one action: its grant, or the code it is denied with. */
  became(intentId: string): Promise<{ became: string; epoch?: number }> {
    const found = async () => {
      for (const { correlationid, data } of await this.decisions()) {
        if (correlationid !== intentId) continue;
        if ('grant' in data && 'epoch' in data) return { became: data.grant, epoch: data.epoch };
        if ('code' in data && data.code) return { became: data.code };
      }
      return undefined;
    };
    return until(found, { what: () => `a decision on ${intentId}; policy said ${this.#output.slice(-2000)}` });
  }

  #makeKeys(): void {
    mkdirSync(path.join(this.dir, 'trusted'));
    const write = (file: string, content: string | Buffer) => writeFileSync(path.join(this.dir, file), content);
    for (const service of ['policy', 'planner', 'approval', 'executor', 'release', 'stranger']) {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
      this.pens.set(service, Signer.fromPem(pem));
      if (service === 'policy') write('sign.pem', pem);
      if (service !== 'stranger')
        write(`trusted/${service}.pub.pem`, publicKey.export({ type: 'spki', format: 'pem' }).toString());
    }
    const { privateKey, publicKey } = generateKeyPairSync('x25519');
    this.#seal = publicKey;
    write('seal.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    write('trusted/policy-seal.pub.pem', publicKey.export({ type: 'spki', format: 'pem' }).toString());
    write('parking.key', randomBytes(32));
    write('sealing-hash.key', randomBytes(32));
    const sealing = generateKeyPairSync('x25519');
    write('trusted/sealing.pub.pem', sealing.publicKey.export({ type: 'spki', format: 'pem' }).toString());
  }
}

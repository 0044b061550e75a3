import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import {
  actionIdOf,
  deriveId,
  eventIdOf,
  idempotencyKeyOf,
  topicName,
  type EventType,
  type JsonObject,
  type OutRecord,
  type Preview,
} from '@countersign/contracts';
import { plainEncoder, Signer, signedEncoder } from '@countersign/signing';
import {
  PlainKafka,
  testBrokers,
  testDatabase,
  testServiceDatabase,
  testTopicPrefix,
  until,
  type TestDatabase,
} from '@countersign/testing';
import { fingerprintOf } from '@countersign/workflow-kit';
import { migrations } from './migrations.js';
import { killed, Processes, type Child } from './processes.spec-support.js';
import type { Warrant } from './state.js';
import { Switches } from './switches.spec-support.js';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const TENANTS = ['acme', 'globex'];

export interface Effect {
  kind: string;
  record: string;
  amount?: string;
  idempotencyKey: string;
  tenant: string;
  startedAt: string;
}
export interface Access {
  method: string;
  path: string;
  status?: number;
  dropped: boolean;
  idempotencyKey?: string;
  actor?: string;
  records: { type: string; id: string; version: string | number }[];
}
export interface Result {
  type: EventType;
  subject: string;
  data: JsonObject & { jti: string };
}

/** The real executor and the real helpdesk as processes, on real Kafka and PostgreSQL, and policy's pen to write warrants. */
export class World {
  readonly prefix = testTopicPrefix();
  readonly fingerprint = fingerprintOf(path.join(ROOT, 'libs/workflows/support-desk'), {
    model: 'stand-in',
    baseUrl: '',
  });
  private readonly dir = mkdtempSync(path.join(tmpdir(), 'executor-'));
  private readonly pens = new Map<string, Signer>();
  private readonly processes = new Processes(ROOT);
  private readonly databases: TestDatabase[] = [];
  switches: Switches;
  private plain: PlainKafka;
  private pool: pg.Pool;
  private executor: Child;
  private executorEnv: NodeJS.ProcessEnv;
  private helpdesk: Child;
  private intents = 0;

  /** `auditLimitMs`: by default one beat of audit's is enough for all of a suite; with one of its own it begins without any. */
  static async open({ auditLimitMs = 0, doubtAfterMs = 300_000 } = {}): Promise<World> {
    const world = new World();
    world.makeKeys();
    world.plain = await PlainKafka.connect();
    await world.plain.createTopics(world.prefix);
    world.switches = new Switches(world.plain, world.prefix, world.pens);
    await world.switches.apply('stage/workflow/support-desk', { stage: 'scoped' });
    const released = { fingerprint: world.fingerprint, report: { kind: 'release' }, signature: 'as policy found it' };
    await world.switches.apply('release/workflow/support-desk', released);
    if (!auditLimitMs) await world.beat();
    const [own, helpdesk] = await Promise.all([testServiceDatabase('executor', { migrations }), testDatabase()]);
    world.databases.push(own, helpdesk);
    world.pool = new pg.Pool({ connectionString: own.url, max: 2 });
    const tokens = { HELPDESK_TOKENS_DIR: path.join(world.dir, 'credentials') };
    world.helpdesk = await world.processes.start('helpdesk', { DATABASE_URL: helpdesk.url, ...tokens });
    world.executorEnv = {
      DATABASE_URL: own.serviceUrl,
      KAFKA_BROKERS: testBrokers().join(','),
      TOPIC_PREFIX: world.prefix,
      OIDC_ISSUER: 'http://127.0.0.1:1',
      COUNTERSIGN_KEYS_DIR: path.join(world.dir, 'keys'),
      COUNTERSIGN_CREDENTIALS_DIR: path.join(world.dir, 'credentials'),
      COUNTERSIGN_INSTANCE: 'executor-1',
      HELPDESK_URL: world.helpdesk.url,
      COUNTERSIGN_AUDIT_LIMIT_MS: String(auditLimitMs || 3_600_000),
      COUNTERSIGN_DOUBT_AFTER_MS: String(doubtAfterMs),
    };
    await world.startExecutor(auditLimitMs ? '/healthz' : '/readyz');
    return world;
  }

  async close(): Promise<void> {
    await this.processes.close();
    await this.pool?.end();
    await this.plain?.deleteTopics(this.prefix);
    await this.plain?.close();
    await Promise.all(this.databases.map((database) => database.drop()));
    rmSync(this.dir, { recursive: true, force: true });
  }

  async startExecutor(probe?: string): Promise<void> {
    this.executor = await this.processes.start('executor', this.executorEnv, probe);
  }

  startAnother(instance: string): Promise<Child> {
    return this.processes.start('executor', { ...this.executorEnv, COUNTERSIGN_INSTANCE: instance });
  }

  async crashExecutor(): Promise<void> {
    await killed(this.executor);
  }

  /** A warrant for a new action, a refund by default, before it is signed. */
  warrant(change: Partial<Warrant> = {}): Warrant {
    const now = Math.floor(Date.now() / 1000);
    const intentId = change.intentId ?? deriveId('int', this.prefix, this.intents++);
    const actionId = change.actionId ?? actionIdOf(intentId, 0, 0);
    const tenant = change.tenant ?? 'acme';
    return {
      intentId,
      actionId,
      revision: 0,
      tenant,
      actor: { sub: 'alice', tenant, roles: ['support-agent'] },
      workflow: 'support-desk',
      workflowVersion: '1.0.0',
      session: 's-1',
      tool: 'issue_refund',
      toolVersion: '1.0.0',
      rules: [],
      policyVersion: 'of-the-test',
      decidedAt: new Date().toISOString(),
      grant: 'commit',
      arguments: { orderId: 'ord_1001', amount: '1.00', currency: 'EUR', reason: 'It came late.' },
      dryRun: false,
      idempotencyKey: idempotencyKeyOf(tenant, actionId, 0),
      approvers: [],
      facts: {},
      epoch: 0,
      fingerprint: this.fingerprint,
      jti: deriveId('jti', actionId, 0, randomBytes(4).toString('hex')),
      nbf: now - 5,
      exp: now + 600,
      ...change,
    };
  }

  /** A warrant as a record, signed by whoever is said to. */
  record(warrant: Warrant, signedBy = 'policy'): OutRecord {
    const type = 'countersign.action.approved.v1';
    return signedEncoder(
      'policy',
      this.pens.get(signedBy)!,
    )({
      type,
      id: eventIdOf(type, warrant.jti),
      time: warrant.decidedAt,
      subject: warrant.actionId,
      tenantid: warrant.tenant,
      actorid: warrant.actor.sub,
      session: warrant.session,
      correlationid: warrant.intentId,
      causationid: warrant.intentId,
      data: warrant,
    });
  }

  async publish(...records: OutRecord[]): Promise<void> {
    const messages = records.map(({ key, value, headers }) => ({ key, value, headers }));
    await this.plain.produce(topicName('decisions', this.prefix), ...messages);
  }

  /** Audit's word that everything before an instant is stored; by default, before now. */
  async beat(ingestedThrough = new Date(), signedBy = 'audit'): Promise<void> {
    const type = 'countersign.audit.heartbeat.v1';
    const at = new Date().toISOString();
    const nobody = { tenantid: '', actorid: '', session: '', correlationid: '', causationid: '' };
    const data = { ingestedThrough: ingestedThrough.toISOString(), at, instance: 'audit-1', version: '0.1.0' };
    const draft = { ...nobody, type, id: eventIdOf(type, at, signedBy), time: at, subject: 'audit-1', data } as const;
    const encode = signedBy === 'nobody' ? plainEncoder('audit') : signedEncoder('audit', this.pens.get(signedBy)!);
    const { key, value, headers } = encode(draft);
    await this.plain.produce(topicName('audit', this.prefix), { key, value, headers });
  }

  /** Policy's word on a person's verdict, signed by whoever is said to. */
  async settle(warrant: Warrant, outcome: 'committed' | 'failed', signedBy = 'policy'): Promise<void> {
    const type = 'countersign.action.settled.v1';
    const { intentId, actionId, revision, tenant } = warrant;
    const encode = signedEncoder('policy', this.pens.get(signedBy)!);
    const record = encode({
      type,
      ...{ id: eventIdOf(type, actionId, signedBy, outcome), time: new Date().toISOString(), subject: actionId },
      ...{ tenantid: tenant, actorid: 'bob', session: warrant.session, correlationid: intentId, causationid: intentId },
      data: { intentId, actionId, revision, tenant, outcome, by: 'bob', reason: 'I looked.' },
    });
    await this.publish(record);
  }

  /** Work that waits for a later time is due now. */
  async hurry(id: string): Promise<void> {
    await this.pool.query(`update executor.work set not_before = now() where id = $1 and ended_at is null`, [id]);
  }

  /** Rows of a table of the executor's. */
  async rows(text: string, values: unknown[] = []): Promise<JsonObject[]> {
    return (await this.pool.query<JsonObject>(text, values)).rows;
  }

  /** What the executor says of its readiness. */
  async readiness(): Promise<{ status: number; text: string }> {
    const answer = await fetch(`${this.executor.url}/readyz`);
    return { status: answer.status, text: await answer.text() };
  }

  /** Publishes a warrant and waits for what the executor says of it. */
  async run(warrant: Warrant): Promise<Result> {
    await this.publish(this.record(warrant));
    return this.resultOf(warrant);
  }

  async resultOf({ jti }: Warrant): Promise<Result> {
    const what = () => `a result of ${jti}`;
    return until(async () => (await this.results()).find(({ data }) => data.jti === jti), { what, everyMs: 50 });
  }

  async results(): Promise<Result[]> {
    const records = await this.plain.readAll(topicName('results', this.prefix));
    return records.map(({ headers, value }) => ({
      type: headers['ce_type'] as EventType,
      subject: headers['ce_subject'] ?? '',
      data: JSON.parse(value?.toString() ?? 'null') as Result['data'],
    }));
  }

  /** A preview as policy would have got it. */
  async previewed(change: Partial<Warrant> = {}): Promise<Preview> {
    const result = await this.run(this.warrant({ ...change, grant: 'preview' }));
    return result.data['preview'] as unknown as Preview;
  }

  /** Effects of an action in helpdesk's own ledger. */
  async effectsOf({ idempotencyKey }: Warrant): Promise<Effect[]> {
    return (await this.lines<Effect>('/ledger')).filter((effect) => effect.idempotencyKey === idempotencyKey);
  }

  /** Requests helpdesk got, in order. */
  requests = () => this.lines<Access>('/access-log');

  /** Those about an action. */
  async requestsOf({ idempotencyKey: key }: Warrant): Promise<Access[]> {
    const all = await this.requests();
    return all.filter((access) => access.idempotencyKey === key || access.path.endsWith(`/idempotency/${key}`));
  }

  async faults(settings: JsonObject): Promise<void> {
    await this.ask(`${this.helpdesk.url}/faults`, 'PUT', settings);
  }

  /** A request has reached helpdesk and waits there for the ordered latency. */
  async heldAtHelpdesk(): Promise<number> {
    const answer = await fetch(`${this.helpdesk.url}/faults`);
    return ((await answer.json()) as { held: number }).held;
  }

  /** Changes an order behind the product's back. */
  async changeOrder(id: string, change: JsonObject): Promise<void> {
    await this.ask(`${this.helpdesk.url}/v1/orders/${id}`, 'PATCH', change);
  }

  /** A record as helpdesk has it. */
  recordAt(path_: string): Promise<JsonObject> {
    return this.ask(`${this.helpdesk.url}${path_}`, 'GET');
  }

  async workStatus({ jti }: Warrant): Promise<string | undefined> {
    const { rows } = await this.pool.query<{ status: string }>('select status from executor.work where id = $1', [jti]);
    return rows[0]?.status;
  }

  /** The executor that has a piece of work. */
  async ownerOf({ jti }: Warrant): Promise<string | null> {
    const { rows } = await this.pool.query<{ instance: string }>('select instance from executor.work where id = $1', [
      jti,
    ]);
    return rows[0]?.instance ?? null;
  }

  /** To the first executor. */
  signal(signal: NodeJS.Signals): void {
    this.executor.process.kill(signal);
  }

  /** Puts other words into a stored warrant, as somebody with the database in hand would. */
  async tamper({ jti }: Warrant, packed: string): Promise<void> {
    const sql = `update executor.work set body = jsonb_set(body, '{warrant}', to_jsonb($2::text)) where id = $1`;
    await this.pool.query(sql, [jti, packed]);
  }

  /** All that this executor's schema and topics hold, as text. */
  async everythingStored(): Promise<string> {
    const tables = ['work', 'outbox', 'parked'].map((table) =>
      this.pool.query(`select t::text as row from executor.${table} t`),
    );
    const rows = (await Promise.all(tables)).flatMap((found) =>
      (found.rows as { row: string }[]).map(({ row }) => row),
    );
    return [...rows, ...(await this.results()).map((result) => JSON.stringify(result))].join('\n');
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.executor.url}/metrics`)).text();
  }

  private async lines<T>(path_: string): Promise<T[]> {
    const text = await (await fetch(`${this.helpdesk.url}${path_}`)).text();
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as T);
  }

  private async ask(url: string, method: string, body?: JsonObject): Promise<JsonObject> {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${tokenOf('acme')}` };
    const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as JsonObject;
  }

  private makeKeys(): void {
    for (const owner of ['policy', 'approval', 'executor', 'audit', 'stranger']) {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      this.pens.set(owner, new Signer(privateKey));
      if (owner === 'executor') this.write('keys/sign.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }));
      if (owner === 'stranger') continue;
      this.write(`keys/trusted/${owner}.pub.pem`, publicKey.export({ type: 'spki', format: 'pem' }));
    }
    this.write('keys/parking.key', randomBytes(32));
    this.write('keys/sealing-hash.key', randomBytes(32));
    const sealing = generateKeyPairSync('x25519');
    this.write('keys/sealing.pem', sealing.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    this.write('keys/trusted/sealing.pub.pem', sealing.publicKey.export({ type: 'spki', format: 'pem' }));
    for (const tenant of TENANTS) this.write(`credentials/helpdesk/${tenant}.token`, tokenOf(tenant));
  }

  private write(name: string, content: string | Buffer): void {
    const file = path.join(this.dir, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}

const tokenOf = (tenant: string) => `token-of-${tenant}-for-tests`;

import { createPublicKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import {
  EVENTS,
  intentIdOf,
  metricsSeries,
  topicName,
  type EventDraft,
  type OutRecord,
  type Topic,
} from '@countersign/contracts';
import { readConfig, type RunningService } from '@countersign/host';
import { readAs } from '@countersign/migrations';
import { loadSealingKeys, SealStore, type SealingSql, type Token, type ToSeal } from '@countersign/sealing';
import { plainEncoder, signedEncoder, Signer } from '@countersign/signing';
import {
  engineUrl,
  PlainKafka,
  testServiceDatabase,
  testTopicPrefix,
  until,
  type TestServiceDatabase,
} from '@countersign/testing';
import { startAudit } from './app.module.js';
import { auditConfig } from './config.js';
import {
  erasure,
  erasureTold,
  eventDetails,
  explanation,
  proof,
  revealed,
  revealTold,
  storeVerdict,
  traceFacets,
  traceLine,
  traceOutline,
  traceSchema,
} from '@countersign/evidence';
import { SHAPES } from '@countersign/evidence/shapes';
import * as migrations from './migrations.js';

/** What a path answers with, as the gateway's documents have it: whatever these worlds are answered is looked at. */
const ANSWERS: readonly (readonly [RegExp, z.ZodType])[] = [
  [/^\/v1\/traces$/, z.strictObject({ data: z.array(traceLine), nextCursor: z.string().nullable() })],
  [/^\/v1\/traces\/facets$/, traceFacets],
  [/^\/v1\/traces\/[^/]+\/outline$/, traceOutline],
  [/^\/v1\/traces\/[^/]+\/events$/, eventDetails],
  [/^\/v1\/traces\/[^/]+$/, traceSchema],
  [/^\/v1\/traces\/[^/]+\/reveals$/, revealed],
  [/^\/v1\/actions\/[^/]+\/explanation$/, explanation],
  [/^\/v1\/subjects\/[^/]+$/, erasure],
  [/^\/v1\/reveals$/, z.strictObject({ data: z.array(revealTold), nextCursor: z.string().nullable() })],
  [/^\/v1\/erasures$/, z.strictObject({ data: z.array(erasureTold), nextCursor: z.string().nullable() })],
  [/^\/v1\/metrics\/series$/, metricsSeries],
  [/^\/v1\/audit\/verify$/, storeVerdict],
  [/^\/v1\/audit\/proofs\/[^/]+$/, proof],
];

/** A bearer token as products send it: must be found nowhere. */
export const TOKEN = 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl';

/** Keys of the services that sign, and audit's folder that trusts them. */
function keysDir(): { dir: string; signers: Record<string, Signer> } {
  const dir = mkdtempSync(path.join(tmpdir(), 'audit-keys-'));
  mkdirSync(path.join(dir, 'trusted'));
  writeFileSync(path.join(dir, 'parking.key'), randomBytes(32));
  writeFileSync(path.join(dir, 'sealing-hash.key'), randomBytes(32));
  const sealing = generateKeyPairSync('x25519');
  writeFileSync(path.join(dir, 'sealing.pem'), sealing.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(
    path.join(dir, 'trusted', 'sealing.pub.pem'),
    sealing.publicKey.export({ type: 'spki', format: 'pem' }),
  );
  const signers = Object.fromEntries(
    ['policy', 'planner', 'approval', 'executor', 'audit'].map((owner) => {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      if (owner === 'audit')
        writeFileSync(path.join(dir, 'sign.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
      writeFileSync(path.join(dir, 'trusted', `${owner}.pub.pem`), publicKey.export({ type: 'spki', format: 'pem' }));
      return [owner, new Signer(privateKey)];
    }),
  );
  return { dir, signers };
}

/** An OpenID provider as small as it can be. */
async function provider() {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' };
  const server: Server = createServer((request, response) => {
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.url === '/jwks' ? { keys: [jwk] } : { issuer, jwks_uri: `${issuer}/jwks` }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const token = (sub: string, tenant: string, ...roles: string[]) =>
    new SignJWT({ tenant, roles })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .setIssuer(issuer)
      .setAudience('countersign')
      .setSubject(sub)
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(privateKey);
  return {
    issuer,
    token,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

export interface Published {
  intentId: string;
  actionId: string;
  records: OutRecord[];
}

/** Audit on real Kafka and PostgreSQL, with what the services around it would publish. */
export class AuditWorld {
  service!: RunningService;
  private readonly encoders: Partial<Record<Topic, (draft: EventDraft) => OutRecord>>;
  private readonly plain = plainEncoder('audit');

  private constructor(
    readonly prefix: string,
    readonly kafka: PlainKafka,
    readonly database: TestServiceDatabase,
    readonly owner: pg.Pool,
    private readonly identity: Awaited<ReturnType<typeof provider>>,
    private readonly keys: ReturnType<typeof keysDir>,
  ) {
    const { policy, planner, approval, executor } = keys.signers;
    this.encoders = {
      proposals: signedEncoder('planner', planner!),
      decisions: signedEncoder('policy', policy!),
      approvals: signedEncoder('approval', approval!),
      results: signedEncoder('executor', executor!),
      replies: signedEncoder('planner', planner!),
      'control-acks': signedEncoder('policy', policy!),
    };
  }

  static async open(): Promise<AuditWorld> {
    const prefix = testTopicPrefix();
    const [identity, kafka, database] = await Promise.all([
      provider(),
      PlainKafka.connect(),
      testServiceDatabase('audit', migrations),
    ]);
    await kafka.createTopics(prefix);
    const owner = new pg.Pool({ connectionString: database.url, max: 2, options: '-c search_path=audit' });
    const world = new AuditWorld(prefix, kafka, database, owner, identity, keysDir());
    await world.start();
    return world;
  }

  /** Starts an instance, beside others if they run. */
  async start(instance = 'audit-1'): Promise<void> {
    this.service = await startAudit(
      readConfig(auditConfig, {
        PORT: '0',
        COUNTERSIGN_INSTANCE: instance,
        KAFKA_BROKERS: engineUrl('kafka'),
        DATABASE_URL: this.database.serviceUrl,
        TOPIC_PREFIX: this.prefix,
        LOG_LEVEL: 'silent',
        OIDC_ISSUER: this.identity.issuer,
        COUNTERSIGN_KEYS_DIR: this.keys.dir,
        AUDIT_HEARTBEAT_MS: '200',
        AUDIT_CHECKPOINT_MS: '100',
      }),
    );
  }

  async close(): Promise<void> {
    await this.service.stop();
    this.identity.close();
    await this.owner.end();
    await this.kafka.deleteTopics(this.prefix);
    await this.kafka.close();
    await this.database.drop();
    rmSync(this.keys.dir, { recursive: true });
  }

  token(sub: string, tenant: string, ...roles: string[]): Promise<string> {
    return this.identity.token(sub, tenant, ...roles);
  }

  /** Audit's public key. */
  get auditKey(): KeyObject {
    return createPublicKey(readFileSync(path.join(this.keys.dir, 'trusted', 'audit.pub.pem')));
  }

  topic(topic: Topic): string {
    return topicName(topic, this.prefix);
  }

  /** As the service of its topic would write it: signed where that service signs. */
  encode(draft: EventDraft): OutRecord {
    return (this.encoders[EVENTS[draft.type].topic] ?? this.plain)(draft);
  }

  produce({ topic, key, value, headers }: OutRecord): Promise<void> {
    return this.kafka.produce(this.topic(topic), { key, value, headers });
  }

  /** Publishes a trace of the explanation's shapes, under a request id of its own. */
  async publish(shape: string, requestId: string): Promise<Published> {
    const published = this.write(shape, requestId);
    for (const record of published.records) await this.produce(record);
    return published;
  }

  /** A trace of the explanation's shapes as its services would write it. */
  write(shape: string, requestId: string, tenant = 'acme', reworded = (text: string) => text): Published {
    const { actionId, trace: whole } = SHAPES[shape]!();
    // What stands on the control topic is written by the spec: its offsets are what others name it by.
    const trace = whole.filter(({ topic }) => topic !== 'control' && topic !== 'control-acks');
    const intentId = intentIdOf(tenant, '/apps/shop', requestId);
    const own = (text: string) =>
      text
        .replaceAll(trace[1]!.event.correlationid, intentId)
        .replaceAll(actionId, `act_${requestId}`)
        .replaceAll('"req-1"', JSON.stringify(requestId))
        .replaceAll('"acme"', JSON.stringify(tenant))
        .replaceAll(/"(evt|apr)_/g, `"$1_${requestId}_`)
        // Of the trace's other actions.
        .replaceAll(/"act_([0-9a-f]{32})"/g, `"act_${requestId}_$1"`);
    const records = trace.map(({ event }) => {
      const record = this.encode(JSON.parse(reworded(own(JSON.stringify(event)))) as EventDraft);
      const raw = event.type.endsWith('requested.v1');
      return raw
        ? { ...record, headers: { ...record.headers, ce_source: '/apps/shop', Authorization: TOKEN } }
        : record;
    });
    return { intentId, actionId: `act_${requestId}`, records };
  }

  async stored(where: string, ...values: unknown[]): Promise<Record<string, unknown>[]> {
    const { rows } = await this.owner.query<Record<string, unknown>>(
      `select * from records where ${where} order by "offset"`,
      values,
    );
    return rows;
  }

  /** Scopes of the control topics whose records the database shows to a tenant's people, whatever is asked. */
  async scopesSeenBy(tenant: string): Promise<string[]> {
    const query = `select distinct key from records where topic in ('control', 'control-acks') order by key`;
    return (await this.askAs<{ key: string }>(tenant, query)).map(({ key }) => key);
  }

  /** What the database answers the service when it asks in a tenant's name, whatever it asks. */
  async askAs<R>(tenant: string, query: string): Promise<R[]> {
    const source = await new DataSource({ type: 'postgres', url: this.database.serviceUrl }).initialize();
    const rows = await readAs(source, tenant, (manager) => manager.query<R[]>(query));
    await source.destroy();
    return rows;
  }

  /** What the database answers the service itself. */
  async asService(query: string): Promise<void> {
    const source = await new DataSource({ type: 'postgres', url: this.database.serviceUrl }).initialize();
    await source.query(query).finally(() => source.destroy());
  }

  waitFor(count: number, where: string, ...values: unknown[]): Promise<Record<string, unknown>[]> {
    const enough = async () => {
      const rows = await this.stored(where, ...values);
      return rows.length >= count && rows;
    };
    return until(enough, { what: `${count} records where ${where}` });
  }

  get(url: string, token: string) {
    return this.ask('GET', url, token);
  }

  async ask(method: string, url: string, token: string, body?: object) {
    const headers = { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) };
    const response = await fetch(`${this.service.url}${url}`, {
      ...{ method, headers },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are looked at, not typed
    const answer = (await response.json()) as any;
    if (response.ok) ANSWERS.find(([path]) => path.test(url.split('?')[0]!))?.[1].parse(answer);
    return { status: response.status, headers: response.headers, body: answer };
  }

  /** Tokens of values of acme, as policy and executor would have them. */
  seal(values: readonly Omit<ToSeal, 'tenant'>[]): Promise<Token[]> {
    const sql: SealingSql = {
      query: async <R extends object>(_: string, text: string, given: unknown[]) =>
        (await this.owner.query(text, given)).rows as R[],
    };
    const store = new SealStore({ sql: () => sql, keys: loadSealingKeys(this.keys.dir) });
    return store.seal(values.map((value) => ({ tenant: 'acme', ...value })));
  }
}

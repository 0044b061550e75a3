import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  encodeEvent,
  eventIdOf,
  topicName,
  type EventDraft,
  type EventType,
  type OutRecord,
} from '@countersign/contracts';
import type { RunningService } from '@countersign/host';
import { signedEncoder, Signer } from '@countersign/signing';
import {
  PlainKafka,
  testBrokers,
  testIssuer,
  testKeys,
  testServiceDatabase,
  testTopicPrefix,
  type TestIssuer,
  type TestKeys,
  type TestServiceDatabase,
} from '@countersign/testing';
import pg from 'pg';
import { start } from './app.module.js';
import * as migrations from './migrations.js';

export type Who = 'alice' | 'anna' | 'bob' | 'sam' | 'ruth' | 'erin' | 'gil' | 'namesake';
export const PEOPLE: Record<Who, { sub: string; tenant: string; roles: string[] }> = {
  alice: { sub: 'alice', tenant: 'acme', roles: ['support-agent'] },
  anna: { sub: 'anna', tenant: 'acme', roles: ['support-agent'] },
  bob: { sub: 'bob', tenant: 'acme', roles: ['support-lead'] },
  sam: { sub: 'sam', tenant: 'acme', roles: ['sre'] },
  ruth: { sub: 'ruth', tenant: 'acme', roles: ['release'] },
  erin: { sub: 'erin', tenant: 'globex', roles: ['support-agent'] },
  gil: { sub: 'gil', tenant: 'globex', roles: ['support-lead', 'auditor', 'admin'] },
  /** Of another tenant, called as somebody here is. */
  namesake: { sub: 'alice', tenant: 'globex', roles: ['support-agent'] },
};

export interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

interface Asked {
  method: string;
  url: string;
  authorization: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}

/** A service behind the gateway: answers what a spec tells it, over real HTTP, and keeps what it was asked. */
export class Peer {
  readonly asked: Asked[] = [];
  answers: Record<string, { status: number; body: unknown }> = {};
  private constructor(private readonly server: Server) {}

  static async open(): Promise<Peer> {
    const server = createServer();
    const peer = new Peer(server);
    server.on('request', (request, response) => {
      void textOf(request).then((body) => {
        const { method = '', url = '', headers } = request;
        peer.asked.push({ method, url, authorization: headers.authorization, headers, body });
        const told = peer.answers[`${method} ${url}`] ?? peer.answers[`${method} ${url.split('?')[0]}`];
        const { status, body: answer } = told ?? { status: 404, body: { code: 'NOT_FOUND' } };
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return peer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

/** Who writes an event, and in whose name. */
interface Written {
  pen?: keyof TestKeys['pens'];
  tenant?: string;
  actor?: string;
  salt?: string;
}

/** The real gateway on real Kafka and PostgreSQL, with the other services' pens. */
export class World {
  readonly prefix = testTopicPrefix();
  readonly peer: Peer;
  readonly sql: pg.Pool;
  private service: RunningService;

  private constructor(
    readonly kafka: PlainKafka,
    readonly database: TestServiceDatabase,
    private readonly issuer: TestIssuer,
    readonly keys: TestKeys,
    peer: Peer,
  ) {
    this.peer = peer;
    this.sql = new pg.Pool({ connectionString: database.serviceUrl, max: 2 });
  }

  /** With the workflows of these folders, none if there are none. */
  static async open(...workflows: string[]): Promise<World> {
    const world = new World(
      await PlainKafka.connect(),
      await testServiceDatabase('gateway', migrations),
      await testIssuer(),
      testKeys('gateway'),
      await Peer.open(),
    );
    await world.kafka.createTopics(world.prefix);
    const peers = Object.fromEntries(
      ['POLICY', 'PLANNER', 'APPROVAL', 'AUDIT'].map((name) => [`${name}_URL`, world.peer.url]),
    );
    world.service = (await start({
      ...peers,
      // A port where nobody listens: this one is away.
      EXECUTOR_URL: 'http://127.0.0.1:1',
      PORT: '0',
      LOG_LEVEL: 'silent',
      KAFKA_BROKERS: testBrokers().join(','),
      TOPIC_PREFIX: world.prefix,
      DATABASE_URL: world.database.serviceUrl,
      OIDC_ISSUER: world.issuer.issuer,
      COUNTERSIGN_KEYS_DIR: world.keys.dir,
      COUNTERSIGN_WORKFLOWS: workflows.join(',') || ',',
    })) as RunningService;
    return world;
  }

  async close(): Promise<void> {
    await this.service.stop();
    await this.sql.end();
    await Promise.all([this.issuer.stop(), this.peer.close()]);
    await this.kafka.deleteTopics(this.prefix);
    await this.kafka.close();
    await this.database.drop();
    this.keys.drop();
  }

  token(who: Who, ttlSeconds?: number): Promise<string> {
    return this.issuer.token(PEOPLE[who], ttlSeconds);
  }

  get url(): string {
    return this.service.url;
  }

  async ask(
    who: Who | undefined,
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const authorization = who ? { authorization: `Bearer ${await this.token(who)}` } : undefined;
    const answer = await fetch(`${this.service.url}${path}`, {
      method,
      headers: { ...authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json') ?? false;
    return {
      status: answer.status,
      headers: answer.headers,
      body: isJson ? (JSON.parse(text) as Answer['body']) : { text },
    };
  }

  post(who: Who, body: unknown, key: string | undefined, path = '/v1/intents'): Promise<Answer> {
    return this.ask(who, 'POST', path, body, key ? { 'idempotency-key': key } : {});
  }

  get(who: Who, path: string): Promise<Answer> {
    return this.ask(who, 'GET', path);
  }

  records(topic: 'intents' | 'replies' | 'control') {
    return this.kafka.readAll(topicName(topic, this.prefix));
  }

  /** Writes an event with a pen of one's choice, or with none. */
  async publish(type: EventType, data: object, { pen, tenant = 'acme', actor = 'alice', salt = '' }: Written = {}) {
    const named = data as { intentId: string; actionId?: string };
    const draft = {
      type,
      id: eventIdOf(type, named.actionId ?? named.intentId, salt),
      time: new Date().toISOString(),
      subject: named.actionId ?? named.intentId,
      tenantid: tenant,
      actorid: actor,
      session: 's-1',
      correlationid: named.intentId,
      causationid: 'evt_0',
      data,
    } as unknown as EventDraft;
    if (pen) return this.produce(signedEncoder(pen, Signer.fromPem(this.keys.pens[pen]))(draft));
    return this.produce(encodeEvent('/services/planner', draft, JSON.stringify(data)));
  }

  /** What policy or executor say of a control event, in the pen of one's choice. */
  ack(
    cause: string,
    data: { scope: string; service: string; [more: string]: unknown },
    pen?: keyof TestKeys['pens'],
  ): OutRecord {
    const type = 'code' in data ? 'countersign.control.refused.v1' : 'countersign.control.applied.v1';
    const draft = {
      ...{
        type,
        id: eventIdOf(type, cause, JSON.stringify(data)),
        time: new Date().toISOString(),
        subject: data.scope,
      },
      ...{ tenantid: '', actorid: '', session: '', correlationid: '', causationid: cause, data },
    } as unknown as EventDraft;
    if (pen) return signedEncoder(pen, Signer.fromPem(this.keys.pens[pen]))(draft);
    return encodeEvent(`/services/${data.service}`, draft, JSON.stringify(data));
  }

  async produce({ topic, key, value, headers }: OutRecord): Promise<void> {
    await this.kafka.produce(topicName(topic, this.prefix), { key, value, headers });
  }
}

/** What policy says of an intent it has verified. */
export const acceptedData = (intentId: string, more: object = {}) => ({
  intentId,
  source: '/product',
  requestId: 'r-1',
  kind: 'intent',
  workflow: 'support-desk',
  workflowVersion: '1.0.0',
  session: 's-1',
  sessionId: 'ses_1',
  actor: PEOPLE.alice,
  authorityUntil: '2030-01-01T00:00:00Z',
  ...more,
});

export const replyData = (intentId: string, tenant = 'acme') => ({
  intentId,
  tenant,
  text: 'It is on its way.',
  outcome: 'answered',
  fromModel: true,
  turns: 1,
  actions: [],
});

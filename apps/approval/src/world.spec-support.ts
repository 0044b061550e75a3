import { expect } from '@jest/globals';
import {
  actionHashOf,
  approvalItem,
  approvalView,
  batchResults,
  decodeRecord,
  digest,
  eventIdOf,
  topicName,
  topicOf,
  type AnyEvent,
  type EventDraft,
  type EventType,
  type OutRecord,
  type Preview,
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
  until,
  type TestIssuer,
  type TestKeys,
  type TestServiceDatabase,
} from '@countersign/testing';
import pg from 'pg';
import { z } from 'zod';
import { start } from './app.module.js';
import * as migrations from './migrations.js';
import { approvalIdOf, type Escalated } from './state.js';

type Who = 'alice' | 'bob' | 'carol' | 'sam' | 'gil' | 'namesake';
export const PEOPLE: Record<Who, { sub: string; tenant: string; roles: string[] }> = {
  alice: { sub: 'alice', tenant: 'acme', roles: ['support-agent'] },
  bob: { sub: 'bob', tenant: 'acme', roles: ['support-lead'] },
  carol: { sub: 'carol', tenant: 'acme', roles: ['support-lead'] },
  sam: { sub: 'sam', tenant: 'acme', roles: ['sre'] },
  gil: { sub: 'gil', tenant: 'globex', roles: ['support-lead'] },
  /** Of another tenant, called as somebody here is. */
  namesake: { sub: 'alice', tenant: 'globex', roles: ['support-agent'] },
};

export interface Answer {
  status: number;
  body: Record<string, unknown> & { data?: Record<string, unknown>[]; nextCursor?: string | null };
}

const previewOf = (amount: string): Preview => {
  const effect = { order: 'ord_1002', refundedBefore: '0.00', refundedAfter: amount };
  return { effect, basis: { orderId: 'ord_1002', orderVersion: 3 }, digest: digest(effect) };
};

/** The real approval service on real Kafka and PostgreSQL, people with tokens of a real issuer, and policy's pen. */
export class World {
  readonly prefix = testTopicPrefix();
  private constructor(
    private readonly kafka: PlainKafka,
    readonly database: TestServiceDatabase,
    private readonly issuer: TestIssuer,
    readonly keys: TestKeys,
  ) {}
  private service: RunningService;

  /** `env`: settings beside those that every world has. */
  static async open(env: Record<string, string> = {}): Promise<World> {
    const world = new World(
      await PlainKafka.connect(),
      await testServiceDatabase('approval', migrations),
      await testIssuer(),
      testKeys('approval'),
    );
    await world.kafka.createTopics(world.prefix);
    world.service = (await start({
      PORT: '0',
      LOG_LEVEL: 'silent',
      KAFKA_BROKERS: testBrokers().join(','),
      TOPIC_PREFIX: world.prefix,
      DATABASE_URL: world.database.serviceUrl,
      OIDC_ISSUER: world.issuer.issuer,
      COUNTERSIGN_KEYS_DIR: world.keys.dir,
      ...env,
    })) as RunningService;
    return world;
  }

  async close(): Promise<void> {
    await this.service.stop();
    await this.issuer.stop();
    await this.kafka.deleteTopics(this.prefix);
    await this.kafka.close();
    await this.database.drop();
    this.keys.drop();
  }

  token(who: Who): Promise<string> {
    return this.issuer.token(PEOPLE[who]);
  }

  async ask(who: Who | undefined, method: 'GET' | 'POST', path: string, body?: unknown): Promise<Answer> {
    const authorization = who ? { authorization: `Bearer ${await this.token(who)}` } : undefined;
    const answer = await fetch(`${this.service.url}${path}`, {
      method,
      headers: { ...authorization, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const read = (await answer.json()) as Answer['body'];
    if (answer.status === 200) mustFit(path, read);
    return { status: answer.status, body: read };
  }

  /** An escalated action as policy would sign it. */
  escalated(
    actionId: string,
    change: { amount?: string; revision?: number; expiresAt?: Date; tenant?: string } = {},
  ): Escalated {
    const { amount = '900.00', revision = 0, tenant = 'acme', expiresAt = new Date(Date.now() + 3_600_000) } = change;
    const action = {
      intentId: `int_${actionId}`,
      actionId,
      revision,
      tenant,
      actor: { ...PEOPLE.alice, tenant },
      workflow: 'support-desk',
      workflowVersion: '1.0.0',
      session: `s-${actionId}`,
      tool: 'issue_refund',
      toolVersion: '1.0.0',
      arguments: { orderId: 'ord_1002', amount, currency: 'EUR', reason: 'late' },
      rules: [{ rule: 'large-refund', outcome: 'escalate' as const, reason: 'over 50.00' }],
      policyVersion: 'p1',
      decidedAt: new Date().toISOString(),
      preview: previewOf(amount),
    };
    const blast = { amount: { amount, currency: 'EUR' }, records: 1, reversible: false, affected: ['cus_001'] };
    const at = new Date().toISOString();
    const recordsRead = [{ system: 'helpdesk', type: 'order', id: 'ord_1002', version: '3', at }];
    const provenance = { amount: { origin: 'model' as const } };
    const more = { provenance, recordsRead, approverRoles: ['support-lead'], approvalsNeeded: 1, blast };
    return { ...action, ...more, actionHash: actionHashOf(action), expiresAt: expiresAt.toISOString() };
  }

  /** Writes an event as policy, or as whoever holds the pen. */
  async publish(
    type: 'countersign.action.escalated.v1' | 'countersign.action.approved.v1' | 'countersign.action.denied.v1',
    data: object,
    pen: keyof TestKeys['pens'] = 'policy',
    causationid = 'evt_cause',
  ) {
    const of = data as Escalated;
    const draft = {
      type,
      id: eventIdOf(type, of.actionId, of.actionHash ?? 'x', of.revision, causationid),
      time: new Date().toISOString(),
      subject: of.actionId,
      tenantid: of.tenant,
      actorid: of.actor.sub,
      session: of.session,
      correlationid: of.intentId,
      causationid,
      data,
    } as unknown as EventDraft;
    await this.produce(signedEncoder('policy', Signer.fromPem(this.keys.pens[pen]))(draft));
  }

  /** What the executor, or whoever holds the pen, says of an action of alice's. */
  result(
    type: 'countersign.action.in-doubt.v1' | 'countersign.action.resolved.v1',
    actionId: string,
    given: object = {},
    pen: keyof TestKeys['pens'] = 'executor',
  ): Promise<void> {
    const at = new Date().toISOString();
    const executed = {
      ...{ tool: 'issue_refund', toolVersion: '1.0.0', jti: `jti_${actionId}`, grant: 'commit', attempts: 1 },
      ...{ endedAt: at, idempotencyKey: 'key_1' },
    };
    const doubt = { code: 'IN_DOUBT', detail: 'no answer', nextStep: 'Look.', known: 'sent once' };
    const found = { outcome: 'committed', by: 'lookup', detail: 'found', result: null, recordsChanged: [] };
    const said = type === 'countersign.action.in-doubt.v1' ? doubt : found;
    return this.tell(type, actionId, { ...executed, ...said, ...given }, 'executor', pen);
  }

  /** Policy could not take a verdict. */
  unsettled(actionId: string, verdictId: string): Promise<void> {
    const because = { code: 'UNAUTHENTICATED', detail: 'the token has expired', nextStep: 'Say it again.' };
    const data = { outcome: 'committed', by: 'bob', verdictId, ...because };
    return this.tell('countersign.action.unsettled.v1', actionId, data, 'policy', 'policy', verdictId);
  }

  private async tell(
    type: EventType,
    actionId: string,
    data: object,
    service: 'policy' | 'executor',
    pen: keyof TestKeys['pens'],
    causationid = 'evt_cause',
  ): Promise<void> {
    const intentId = `int_${actionId}`;
    const draft = {
      ...{ type, id: eventIdOf(type, actionId), time: new Date().toISOString(), subject: actionId, causationid },
      ...{ tenantid: 'acme', actorid: 'alice', session: `s-${actionId}`, correlationid: intentId },
      data: { intentId, actionId, revision: 0, tenant: 'acme', ...data },
    } as unknown as EventDraft;
    await this.produce(signedEncoder(service, Signer.fromPem(this.keys.pens[pen]))(draft));
  }

  /** A switch as policy, or whoever holds the pen, says it has applied it. */
  async applied(scope: string, value: object, epoch: number, pen: keyof TestKeys['pens'] = 'policy') {
    const at = new Date().toISOString();
    const type = 'countersign.control.applied.v1' as const;
    const draft: EventDraft = {
      ...{ type, id: eventIdOf(type, scope, epoch, pen), time: at, subject: scope, causationid: 'evt_control' },
      ...{ tenantid: 'unverified', actorid: 'sam', session: scope, correlationid: scope },
      data: {
        scope,
        epoch,
        at,
        appendedAt: at,
        service: 'policy',
        instance: 'policy-1',
        by: 'sam',
        value: value as never,
      },
    };
    await this.produce(signedEncoder('policy', Signer.fromPem(this.keys.pens[pen]))(draft));
  }

  async produce({ topic, key, value, headers }: OutRecord): Promise<void> {
    await this.kafka.produce(topicName(topic, this.prefix), { key, value, headers });
  }

  /** An item that is open and can be seen by those who decide. */
  async open(data: Escalated, who: Who = 'bob'): Promise<string> {
    await this.publish('countersign.action.escalated.v1', data);
    return this.shown(approvalIdOf(data), 'open', who);
  }

  async shown(approvalId: string, status: string, who: Who = 'bob'): Promise<string> {
    await until(async () => (await this.ask(who, 'GET', `/v1/approvals/${approvalId}`)).body['status'] === status, {
      what: `${approvalId} to be ${status}`,
    });
    return approvalId;
  }

  /** What this service has written about an action, as a consumer reads it. */
  async said(actionId: string) {
    await until(async () => (await this.unpublished()) === 0, { what: 'what was committed to be published' });
    const name = topicName('approvals', this.prefix);
    const records = await this.kafka.readAll(name);
    const read = records.map((record) =>
      decodeRecord({
        topic: topicOf(name, this.prefix)!,
        partition: record.partition,
        offset: record.offset,
        timestamp: record.timestamp,
        key: Buffer.from(record.key ?? ''),
        value: record.value,
        headers: record.headers,
      }),
    );
    return read.filter(({ event }: { event: AnyEvent }) => event.subject === actionId);
  }

  private async unpublished(): Promise<number> {
    const client = new pg.Client({ connectionString: this.database.serviceUrl });
    await client.connect();
    try {
      return (await client.query('SELECT FROM outbox')).rowCount!;
    } finally {
      await client.end();
    }
  }
}

const SHAPES: [RegExp, z.ZodType][] = [
  [/^\/v1\/approvals\/decisions$/, batchResults],
  [/^\/v1\/approvals\/[^/]+\/(decisions|claim|delegate)$/, approvalItem],
  [/^\/v1\/approvals\/[^/]+$/, approvalView],
  [/^\/v1\/approvals(\?|$)/, z.object({ data: z.array(approvalView), nextCursor: z.string().nullable() })],
];

/** Whatever a spec is answered is what the API's documents say: it fits, and holds nothing that they leave out. */
function mustFit(path: string, body: unknown): void {
  const shape = SHAPES.find(([pattern]) => pattern.test(path))?.[1];
  if (shape) expect(shape.parse(body)).toEqual(body);
}

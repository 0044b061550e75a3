import { randomUUID } from 'node:crypto';
import {
  actionIdOf,
  encodeEvent,
  intentIdOf,
  topicName,
  type EventDraft,
  type RequestType,
} from '@countersign/contracts';
import type { KafkaConfig } from 'kafkajs';
import { CountersignError } from './errors.js';
import { checkName, checkRequest, type ActionRequest, type IntentRequest } from './requests.js';
import { tokenOf, type TokenSource } from './token.js';

/** What a plain producer of kafkajs, or of any client with its interface, can do. It is the caller's: never connected or closed here. */
export interface Producer {
  send(record: {
    topic: string;
    acks?: number;
    messages: { key: string; value: string; headers: Record<string, string> }[];
  }): Promise<unknown>;
}

export interface PublisherOptions {
  /** Who publishes, a URI reference such as `/services/shop`: part of an intent's identity. */
  source: string;
  /** The tenant of the users it publishes for; their tokens say the same, or they are refused. */
  tenant: string;
  /** `countersign` by default. */
  topicPrefix?: string;
}

export interface PublishOptions {
  /** The end user's: it travels in the header `authorization`, for policy alone. */
  token: TokenSource;
  /** Of the event, 1 to 200 visible ASCII characters; a random one by default. The same source and id are the same intent. */
  id?: string;
  /** Before the publisher's own. */
  tenant?: string;
  /** W3C: the trace that this belongs to. */
  traceparent?: string;
}

/** The ids that it has in Countersign: any process can ask for the outcome by them. */
export interface Published {
  id: string;
  intentId: string;
  session: string;
}

/**
 * Countersign over Kafka: publishes intents and action requests as CloudEvents in binary mode. What becomes of them is on the topics
 * `replies`, `decisions` and `results`, and at the gateway by id (`Client.waitForIntent`).
 *
 * @throws CountersignError `INVALID_ARGUMENTS` for a source or tenant that cannot stand in a header.
 * @example
 * const publisher = new Publisher(kafka.producer(), { source: '/services/shop', tenant: 'acme' });
 * const { intentId } = await publisher.sendIntent({ workflow: 'support-desk', session: 's-1', text }, { token, id: order.id });
 */
export class Publisher {
  readonly #producer: Producer;
  readonly #options: PublisherOptions;

  constructor(producer: Producer, options: PublisherOptions) {
    checkName('source', options.source);
    checkName('tenant', options.tenant);
    this.#producer = producer;
    this.#options = options;
  }

  /**
   * Publishes what a user asks for; a model proposes what to do about it. Returns once the brokers have it.
   *
   * @throws CountersignError `INVALID_ARGUMENTS`, with nothing published; `UPSTREAM_TIMEOUT` when it may have been: the same `id` again is safe.
   */
  async sendIntent(request: IntentRequest, options: PublishOptions): Promise<Published> {
    return this.#publish('countersign.intent.requested.v1', request, options);
  }

  /** Asks for one tool call under the same rules; no model is asked. Errors as of `sendIntent`. */
  async requestAction(request: ActionRequest, options: PublishOptions): Promise<Published & { actionId: string }> {
    const published = await this.#publish('countersign.action.requested.v1', request, options);
    return { ...published, actionId: actionIdOf(published.intentId, 0, 0) };
  }

  async #publish(
    type: RequestType,
    request: IntentRequest | ActionRequest,
    { token, id = randomUUID(), tenant = this.#options.tenant, traceparent }: PublishOptions,
  ): Promise<Published> {
    checkRequest(type, request);
    checkName('id', id);
    checkName('tenant', tenant);
    const { source, topicPrefix } = this.#options;
    const authorization = `Bearer ${await tokenOf(token)}`;
    const { session } = request;
    const draft = {
      ...{ type, id, tenantid: tenant, session, authorization, time: new Date().toISOString() },
      ...(traceparent ? { traceparent } : {}),
    } as EventDraft;
    const { topic, ...message } = encodeEvent(source, draft, JSON.stringify(request));
    try {
      await this.#producer.send({ topic: topicName(topic, topicPrefix), acks: -1, messages: [message] });
    } catch (cause) {
      throw notTaken(id, cause);
    }
    return { id, intentId: intentIdOf(tenant, source, id), session };
  }
}

/** A publisher with a connection of its own. */
export interface ConnectedPublisher extends Publisher {
  close(): Promise<void>;
}

const notTaken = (id: string, cause: unknown) =>
  new CountersignError({
    code: 'UPSTREAM_TIMEOUT',
    detail: `the broker did not confirm it: ${cause instanceof Error ? cause.message : String(cause)}`,
    nextStep: `It may have been taken: publish it again with the id ${id}, and it is the same intent.`,
    idempotencyKey: id,
    cause,
  });

/**
 * A publisher with a producer of its own, by `kafkajs` (a peer dependency): `kafka` are its settings (`brokers`, `ssl`, `sasl` …).
 *
 * @throws CountersignError `UPSTREAM_TIMEOUT` when no broker answers.
 * @example
 * const publisher = await connectPublisher({ brokers: ['kafka-1:9092'] }, { source: '/services/shop', tenant: 'acme' });
 * await publisher.sendIntent({ workflow: 'support-desk', session: 's-1', text }, { token });
 * await publisher.close();
 */
export async function connectPublisher(kafka: KafkaConfig, options: PublisherOptions): Promise<ConnectedPublisher> {
  const { default: kafkajs } = await import('kafkajs');
  const { Kafka, logLevel, Partitioners } = kafkajs;
  const producer = new Kafka({ clientId: 'countersign-client', logLevel: logLevel.NOTHING, ...kafka }).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
  });
  const publisher = new Publisher(producer, options);
  try {
    await producer.connect();
  } catch (cause) {
    throw new CountersignError({
      code: 'UPSTREAM_TIMEOUT',
      detail: `no broker answers: ${cause instanceof Error ? cause.message : String(cause)}`,
      nextStep: 'Check the brokers and their settings, then try again.',
      cause,
    });
  }
  return Object.assign(publisher, { close: () => producer.disconnect() });
}

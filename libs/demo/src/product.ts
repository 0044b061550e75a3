import kafkajs, { type KafkaConfig } from 'kafkajs';
import { intentIdOf, kafkaGroupsOf, topicName, type Topic } from '@countersign/contracts';

const { Kafka, logLevel, Partitioners } = kafkajs;

/** An intent as a product publishes it. */
export interface IntentToPublish {
  id: string;
  /** Tenant the record's key claims. */
  tenant: string;
  session: string;
  token: string | undefined;
  data:
    | { workflow: string; session: string; text: string }
    | { workflow: string; session: string; tool: string; arguments: object; dry_run?: boolean };
}

export interface Refusal {
  source: string;
  requestId: string;
  intentId: string;
  code: string;
}

/** A product service as anyone would write it: a plain Kafka client. It publishes intents and hears what was refused. */
export class Product {
  readonly source: string;
  readonly #kafka;
  readonly #producer;
  readonly #prefix: string;

  /** @param kafka brokers, with commas between, or all that a client is told of them */
  constructor(kafka: string | KafkaConfig, prefix: string, source = '/demo/shop') {
    this.source = source;
    this.#prefix = prefix;
    this.#kafka = new Kafka({
      clientId: 'demo-shop',
      ...(typeof kafka === 'string' ? { brokers: kafka.split(',') } : kafka),
      logLevel: logLevel.NOTHING,
      retry: { retries: 30, maxRetryTime: 2000 },
    });
    this.#producer = this.#kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
    });
  }

  async connect(): Promise<this> {
    await this.#producer.connect();
    return this;
  }

  /** Publishes in one request and answers the ids the intents have in Countersign if their tenant is verified. */
  async publish(...intents: IntentToPublish[]): Promise<string[]> {
    const messages = intents.map((intent) => ({
      key: `${intent.tenant}/${intent.session}`,
      value: JSON.stringify(intent.data),
      headers: {
        ce_specversion: '1.0',
        ce_id: intent.id,
        ce_source: this.source,
        ce_type: 'tool' in intent.data ? 'countersign.action.requested.v1' : 'countersign.intent.requested.v1',
        'content-type': 'application/json',
        ...(intent.token ? { authorization: `Bearer ${intent.token}` } : {}),
      },
    }));
    await this.#producer.send({ topic: topicName('intents', this.#prefix), acks: -1, messages });
    return intents.map((intent) => intentIdOf(intent.tenant, this.source, intent.id));
  }

  /** Writes a bare JSON value under a key, as kcat would: no header, no token. */
  async write(topic: Topic, key: string, value: object): Promise<void> {
    const messages = [{ key, value: JSON.stringify(value) }];
    await this.#producer.send({ topic: topicName(topic, this.#prefix), acks: -1, messages });
  }

  /** Waits for the refusal of one of the ids it published; undefined when none came in time. */
  async refusalOf(requestId: string, withinMs: number): Promise<Refusal | undefined> {
    const consumer = this.#kafka.consumer({
      groupId: `${kafkaGroupsOf('product', this.#prefix)}-${this.source.slice(1).replaceAll('/', '-')}-${requestId}`,
      maxWaitTimeInMs: 50,
    });
    await consumer.connect();
    try {
      await consumer.subscribe({ topics: [topicName('decisions', this.#prefix)], fromBeginning: true });
      return await new Promise<Refusal | undefined>((resolve, reject) => {
        const timer = setTimeout(() => resolve(undefined), withinMs);
        const eachMessage = async ({
          message,
        }: {
          message: { headers?: Record<string, unknown>; value: Buffer | null };
        }) => {
          if (String(message.headers?.['ce_type']) !== 'countersign.intent.refused.v1' || !message.value) return;
          const data = JSON.parse(message.value.toString()) as Refusal;
          if (data.source !== this.source || data.requestId !== requestId) return;
          clearTimeout(timer);
          resolve(data);
        };
        consumer.run({ autoCommit: false, eachMessage }).catch(reject);
      });
    } finally {
      await consumer.disconnect();
    }
  }

  close(): Promise<void> {
    return this.#producer.disconnect();
  }
}

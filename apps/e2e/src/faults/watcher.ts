import kafkajs, { type Consumer, type KafkaMessage } from 'kafkajs';
import { topicName } from '@countersign/contracts';
import type { World } from '../world.js';

const ANSWERS = /^countersign\.action\.(read|previewed|drafted|committed|failed|returned|blocked|in-doubt)\.v1$/;

/** Hears with a plain client of its own what has begun and what has ended, over broker deaths too. */
export class Watcher {
  readonly ended = new Set<string>();
  /** Intents of which an action is in doubt. */
  readonly inDoubt = new Set<string>();
  readonly #accepted = new Set<string>();
  /** Warrants to commit that have no answer yet. */
  readonly #commits = new Set<string>();
  #consumer: Consumer | undefined;

  private constructor() {}

  static async open({ system }: World): Promise<Watcher> {
    const watcher = new Watcher();
    const kafka = new kafkajs.Kafka({
      clientId: 'watcher',
      brokers: system.urls.kafka.split(','),
      logLevel: kafkajs.logLevel.NOTHING,
      retry: { retries: 100, maxRetryTime: 500, restartOnFailure: () => Promise.resolve(true) },
    });
    const consumer = kafka.consumer({ groupId: `watcher-${Date.now()}`, maxWaitTimeInMs: 50, sessionTimeout: 10_000 });
    await consumer.connect();
    const topics = (['decisions', 'results', 'replies'] as const).map((topic) => topicName(topic, system.topicPrefix));
    await consumer.subscribe({ topics, fromBeginning: true });
    await consumer.run({ autoCommit: false, eachMessage: ({ message }) => Promise.resolve(watcher.take(message)) });
    watcher.#consumer = consumer;
    return watcher;
  }

  /** Accepted and not ended. */
  get inFlight(): number {
    return this.#accepted.size;
  }

  get commitsInFlight(): number {
    return this.#commits.size;
  }

  async close(): Promise<void> {
    await this.#consumer?.disconnect();
  }

  private take({ headers = {}, value }: KafkaMessage): void {
    const type = String(headers['ce_type']);
    const intentId = String(headers['ce_correlationid']);
    if (type === 'countersign.intent.accepted.v1' && !this.ended.has(intentId)) this.#accepted.add(intentId);
    if (type === 'countersign.reply.sent.v1' || type === 'countersign.intent.refused.v1') this.end(intentId);
    if (type === 'countersign.action.in-doubt.v1' && !this.ended.has(intentId)) this.inDoubt.add(intentId);
    if (type === 'countersign.action.approved.v1') this.warranted(value);
    if (ANSWERS.test(type)) this.#commits.delete(jtiIn(value) ?? '');
  }

  private end(intentId: string): void {
    this.ended.add(intentId);
    this.#accepted.delete(intentId);
    this.inDoubt.delete(intentId);
  }

  /** A copy of an old one counts as in flight for good: so only what belongs to an open intent is looked at. */
  private warranted(value: Buffer | null): void {
    const { grant, jti, intentId } = dataIn(value);
    if (grant === 'commit' && jti && this.#accepted.has(intentId ?? '')) this.#commits.add(jti);
  }
}

interface Warrant {
  grant?: string;
  jti?: string;
  intentId?: string;
}
const dataIn = (value: Buffer | null): Warrant => JSON.parse(value?.toString() ?? '{}') as Warrant;
const jtiIn = (value: Buffer | null) => dataIn(value).jti;

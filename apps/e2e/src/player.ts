import kafkajs, { type Consumer, type KafkaMessage } from 'kafkajs';
import { topicName, type Topic } from '@countersign/contracts';
import type { ApprovalItem, IntentToPublish, Person } from '@countersign/demo';
import { until } from '@countersign/testing';
import type { World } from './world.js';

export interface Ended {
  intentId: string;
  /** Undefined: it was refused. */
  reply?: Reply;
  code?: string;
}

interface Reply {
  text: string;
  code?: string;
  fromModel: boolean;
  flagged?: string;
  turns: number;
  actions: { actionId: string; tool: string; outcome: string; code?: string }[];
}

export interface Seen {
  topic: Topic;
  type: string;
  intentId: string;
  headers: Record<string, string>;
  data: Record<string, unknown>;
}

/** What a person says to an open item; undefined leaves it to others. */
export type Answer = (item: ApprovalItem) => 'approve' | 'reject' | undefined;

const HEARD: readonly Topic[] = ['proposals', 'decisions', 'approvals', 'results', 'replies'];

/**
 * A product that plays many intents at a time and hears, with a Kafka client of its own, what became of each. People decide
 * meanwhile what is escalated.
 */
export class Player {
  readonly ended = new Map<string, Ended>();
  readonly #open = new Set<string>();
  readonly #decided = new Set<string>();
  readonly #listeners = new Set<(seen: Seen) => void>();
  #consumer: Consumer | undefined;

  private constructor(private readonly world: World) {}

  static async open(world: World): Promise<Player> {
    const player = new Player(world);
    await player.listen();
    return player;
  }

  /** Told of every record of the planner's, policy's, approval's and the executor's from the beginning of the topics on. */
  onRecord(listener: (seen: Seen) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Publishes all, at most `window` of them open at a time, and returns their ids when all have ended. */
  async play(intents: IntentToPublish[], options: PlayOptions = {}): Promise<string[]> {
    const { window = 60, timeoutMs = 120_000, people = [], answer = () => undefined } = options;
    const ids: string[] = [];
    const playing = { on: true };
    const deciding = Promise.all(people.map((person) => this.decide(person, answer, playing)));
    try {
      for (let next = 0; next < intents.length;) {
        await until(() => this.#open.size < window, { timeoutMs, what: () => this.stuck() });
        const batch = intents.slice(next, next + Math.min(20, window - this.#open.size));
        const published = await this.world.product.publish(...batch);
        published.filter((id) => !this.ended.has(id)).forEach((id) => this.#open.add(id));
        ids.push(...published);
        next += batch.length;
        options.onProgress?.(ids.length - this.#open.size);
      }
      await until(() => this.#open.size === 0, { timeoutMs, what: () => this.stuck() });
    } finally {
      playing.on = false;
      await deciding;
    }
    return ids;
  }

  async close(): Promise<void> {
    await this.#consumer?.disconnect();
  }

  private stuck(): string {
    return `the end of ${this.#open.size} intents, among them ${[...this.#open].slice(0, 5).join(', ')}`;
  }

  private async decide(person: Person, answer: Answer, playing: { on: boolean }): Promise<void> {
    while (playing.on) {
      const { status, body } = await person.call('GET', '/v1/approvals?status=open&limit=100');
      const items = status === 200 ? (body as { data: ApprovalItem[] }).data : [];
      await Promise.all(items.map((item) => this.answerOnce(person, item, answer)));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  private async answerOnce(person: Person, item: ApprovalItem, answer: Answer): Promise<void> {
    const said = item.actionHash && !this.#decided.has(item.approvalId) ? answer(item) : undefined;
    if (!said) return;
    const { status } = await person.decide(item, said, `${said} by the proof`);
    if (status === 200) this.#decided.add(item.approvalId);
  }

  private async listen(): Promise<void> {
    const { system } = this.world;
    const { Kafka, logLevel } = kafkajs;
    const kafka = new Kafka({ clientId: 'player', brokers: system.urls.kafka.split(','), logLevel: logLevel.NOTHING });
    this.#consumer = kafka.consumer({ groupId: `player-${Date.now()}`, maxWaitTimeInMs: 50 });
    await this.#consumer.connect();
    const topics = HEARD.map((topic) => topicName(topic, system.topicPrefix));
    await this.#consumer.subscribe({ topics, fromBeginning: true });
    await this.#consumer.run({
      autoCommit: false,
      eachMessage: ({ topic, message }) => {
        this.take(HEARD[topics.indexOf(topic)]!, message);
        return Promise.resolve();
      },
    });
  }

  private take(topic: Topic, { headers = {}, value }: KafkaMessage): void {
    const texts = Object.fromEntries(Object.entries(headers).map(([name, header]) => [name, String(header)]));
    const data = parsed(value);
    if (!data) return; // poison of another scenario
    const intentId = texts['ce_correlationid'] ?? '';
    const seen: Seen = { topic, type: texts['ce_type'] ?? '', intentId, headers: texts, data };
    if (seen.type === 'countersign.reply.sent.v1') this.end({ intentId, reply: data as unknown as Reply });
    if (seen.type === 'countersign.intent.refused.v1') this.end({ intentId, code: String(data['code']) });
    for (const listener of this.#listeners) listener(seen);
  }

  private end(ended: Ended): void {
    if (!this.ended.has(ended.intentId)) this.ended.set(ended.intentId, ended);
    this.#open.delete(ended.intentId);
  }
}

export interface PlayOptions {
  window?: number;
  timeoutMs?: number;
  people?: Person[];
  answer?: Answer;
  onProgress?: (ended: number) => void;
}

function parsed(value: Buffer | null): Record<string, unknown> | undefined {
  try {
    const data: unknown = JSON.parse(value?.toString() ?? 'null');
    return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

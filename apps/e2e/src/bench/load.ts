import kafkajs, { type Admin, type Kafka, type Producer } from 'kafkajs';

const { Kafka: KafkaClient, logLevel, Partitioners } = kafkajs;

export interface Message {
  key: string;
  value: string;
  headers: Record<string, string>;
}

/** Where a load goes in, where its ends come out, and which record ends which message. */
export interface Pipeline {
  name: string;
  input: string;
  output: string;
  /** `n` messages and the id by which the output names each. */
  make(n: number): { id: string; message: Message }[];
  idOf(headers: Record<string, unknown>): string | undefined;
}

/** A plain Kafka client that pushes loads and times them from outside. */
export class LoadDriver {
  private constructor(
    readonly kafka: Kafka,
    readonly producer: Producer,
    readonly admin: Admin,
  ) {}

  static async connect(brokers: string): Promise<LoadDriver> {
    const kafka = new KafkaClient({
      clientId: 'bench',
      brokers: brokers.split(','),
      logLevel: logLevel.NOTHING,
      retry: { retries: 20 },
    });
    const producer = kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
    });
    const admin = kafka.admin();
    await Promise.all([producer.connect(), admin.connect()]);
    return new LoadDriver(kafka, producer, admin);
  }

  async close(): Promise<void> {
    await Promise.all([this.producer.disconnect(), this.admin.disconnect()]);
  }

  async written(topic: string): Promise<number> {
    return (await this.admin.fetchTopicOffsets(topic)).reduce((sum, { high }) => sum + Number(high), 0);
  }

  /**
   * Pushes `n` messages at once and answers the rate at which the output grew, per second, between the first tenth and the
   * last: what starting up costs is left out on both sides.
   */
  async throughput(pipeline: Pipeline, n: number, timeoutMs: number): Promise<{ rate: number; ids: string[] }> {
    const before = await this.written(pipeline.output);
    const made = pipeline.make(n);
    for (let i = 0; i < n; i += 500) {
      await this.producer.send({
        topic: pipeline.input,
        acks: -1,
        messages: made.slice(i, i + 500).map(({ message }) => message),
      });
    }
    const deadline = performance.now() + timeoutMs;
    let first: { at: number; done: number } | undefined;
    for (;;) {
      const done = (await this.written(pipeline.output)) - before;
      const at = performance.now();
      if (!first && done >= n / 10) first = { at, done };
      if (done >= n && first)
        return { rate: ((n - first.done) / (at - first.at)) * 1000, ids: made.map(({ id }) => id) };
      if (at > deadline) throw new Error(`${pipeline.name}: ${done} of ${n} came out in ${timeoutMs / 1000} s`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Sends `perSecond` for `seconds` on an open loop and answers each message's way from send to output, in ms, sorted. */
  async latency(pipeline: Pipeline, perSecond: number, seconds: number): Promise<number[]> {
    const consumer = this.kafka.consumer({ groupId: `bench-${pipeline.name}-${Date.now()}`, maxWaitTimeInMs: 10 });
    const joined = new Promise<void>((resolve) => consumer.on(consumer.events.FETCH, () => resolve()));
    const sent = new Map<string, number>();
    const took: number[] = [];
    await consumer.connect();
    await consumer.subscribe({ topics: [pipeline.output], fromBeginning: false });
    await consumer.run({
      autoCommit: false,
      eachMessage: ({ message }) => {
        const id = pipeline.idOf(message.headers ?? {});
        const at = id === undefined ? undefined : sent.get(id);
        if (at !== undefined) took.push(performance.now() - at);
        return Promise.resolve();
      },
    });
    await joined;
    const made = pipeline.make(perSecond * seconds);
    const start = performance.now();
    for (const [index, { id, message }] of made.entries()) {
      const due = start + (index * 1000) / perSecond;
      const early = due - performance.now();
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
      sent.set(id, performance.now());
      void this.producer.send({ topic: pipeline.input, acks: -1, messages: [message] });
    }
    const deadline = performance.now() + 10_000;
    while (took.length < made.length && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 50));
    await consumer.disconnect();
    if (took.length < made.length) throw new Error(`${pipeline.name}: ${took.length} of ${made.length} came out`);
    return took.slice(perSecond).sort((a, b) => a - b);
  }
}

export const percentile = (sorted: number[], p: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN;
/** The middle value, or the mean of the two in the middle. */
export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  const middle = sorted.slice(Math.ceil(half) - 1, Math.floor(half) + 1);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}

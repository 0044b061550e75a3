import kafkajs, { type Admin, type Kafka, type Producer } from 'kafkajs';

const { Kafka: KafkaClient, logLevel, Partitioners } = kafkajs;

const SENT_AT_ONCE = 500;

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

export interface Throughput {
  rate: number;
  overall: number;
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

  async send(pipeline: Pipeline, made: { message: Message }[]): Promise<void> {
    for (let i = 0; i < made.length; i += SENT_AT_ONCE) {
      const messages = made.slice(i, i + SENT_AT_ONCE).map(({ message }) => message);
      await this.producer.send({ topic: pipeline.input, acks: -1, messages });
    }
  }

  /**
   * Pushes `n` messages at once and answers the rate at which the output grew, per second: `rate` from the end of the first
   * tenth, which is kind (what was begun by then is not timed); `overall` from the first send.
   */
  async throughput(pipeline: Pipeline, n: number, timeoutMs: number): Promise<Throughput> {
    const before = await this.written(pipeline.output);
    const made = pipeline.make(n);
    const began = performance.now();
    await this.send(pipeline, made);
    const deadline = performance.now() + timeoutMs;
    let first: { at: number; done: number } | undefined;
    for (;;) {
      const done = (await this.written(pipeline.output)) - before;
      const at = performance.now();
      if (!first && done >= n / 10) first = { at, done };
      if (done >= n && first)
        return { rate: ((n - first.done) / (at - first.at)) * 1000, overall: (n * 1000) / (at - began) };
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

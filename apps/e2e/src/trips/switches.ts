import kafkajs, { type Consumer, type IHeaders, type Producer } from 'kafkajs';
import { topicName } from '@countersign/contracts';
import type { Person } from '@countersign/demo';
import { until } from '@countersign/testing';
import type { World } from '../world.js';

/** What a service said of one control record; `at` is when the broker took its word, in ms. */
export interface Ack {
  type: string;
  scope: string;
  epoch: number;
  service: string;
  instance: string;
  at: number;
  code?: string;
  inDoubt: string[];
}

/** A record as the broker took it. */
export interface Written {
  epoch: number;
  /** In ms, by the broker's clock: the same that stamps the acknowledgements. */
  at: number;
}

/** The control topic as an SRE with a plain Kafka client has it: writes bare JSON, and hears who applied it. */
export class Switches {
  readonly acks: Ack[] = [];
  private readonly written = new Map<number, number>();

  private constructor(
    private readonly world: World,
    private readonly producer: Producer,
    private readonly consumer: Consumer,
    readonly sam: Person,
  ) {}

  static async open(world: World): Promise<Switches> {
    const { Kafka, logLevel, Partitioners } = kafkajs;
    const { urls, topicPrefix } = world.system;
    const kafka = new Kafka({ clientId: 'sre', brokers: urls.kafka.split(','), logLevel: logLevel.NOTHING });
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    const consumer = kafka.consumer({ groupId: `sre-${Date.now()}`, maxWaitTimeInMs: 10 });
    const switches = new Switches(world, producer, consumer, await world.person('sam'));
    await Promise.all([producer.connect(), consumer.connect()]);
    await switches.listen(topicPrefix);
    return switches;
  }

  /** Whoever can write the topic may stop: no token, no envelope. */
  trip(scope: string, reason: string): Promise<Written> {
    return this.write(scope, { killed: true, reason, by: 'e2e' });
  }

  async write(scope: string, value: unknown, headers: IHeaders = {}): Promise<Written> {
    const [sent] = await this.producer.send({
      topic: topicName('control', this.world.system.topicPrefix),
      acks: -1,
      messages: [{ key: scope, value: value === null ? null : JSON.stringify(value), headers }],
    });
    const epoch = Number(sent?.baseOffset);
    const at = await until(() => this.written.get(epoch), { what: `control record ${epoch}`, timeoutMs: 10_000 });
    return { epoch, at };
  }

  /** The first word of a service on a record. */
  heard(epoch: number, service: 'policy' | 'executor', timeoutMs = 10_000): Promise<Ack> {
    const find = () => this.acks.find((ack) => ack.epoch === epoch && ack.service === service);
    return until(find, { what: `${service} on control record ${epoch}`, timeoutMs });
  }

  async rearm(scope: string): Promise<void> {
    const path = `/v1/control/kill/${encodeURIComponent(scope.replace(/^kill\//, ''))}`;
    const { status, body } = await this.sam.call('PUT', path, { killed: false, reason: 'over' });
    if (status !== 200) throw new Error(`PUT ${path} answered ${status}: ${JSON.stringify(body)}`);
  }

  /** The epoch from which on it holds. */
  async setStage(workflow: string, stage: string, tenant?: string): Promise<number> {
    const asked = { stage, reason: 'e2e', ...(tenant ? { tenant } : {}) };
    const { status, body } = await this.sam.call('PUT', `/v1/control/stage/${workflow}`, asked);
    if (status !== 200) throw new Error(`stage ${stage} was answered ${status}: ${JSON.stringify(body)}`);
    return (body as { epoch: number }).epoch;
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.producer.disconnect(), this.consumer.disconnect()]);
  }

  private async listen(prefix: string): Promise<void> {
    const [control, acks] = [topicName('control', prefix), topicName('control-acks', prefix)];
    await this.consumer.subscribe({ topics: [control, acks], fromBeginning: true });
    await this.consumer.run({
      autoCommit: false,
      eachMessage: ({ topic, message }) => {
        if (topic === control) this.written.set(Number(message.offset), Number(message.timestamp));
        else this.take(String(message.headers?.['ce_type']), Number(message.timestamp), message.value);
        return Promise.resolve();
      },
    });
  }

  private take(type: string, at: number, value: Buffer | null): void {
    try {
      const data = JSON.parse(value?.toString() ?? 'null') as Partial<Ack>;
      const { scope = '', epoch = -1, service = '', instance = '', inDoubt = [], code } = data;
      this.acks.push({ type, scope, epoch, service, instance, at, inDoubt, ...(code ? { code } : {}) });
    } catch {
      // Poison of another scenario.
    }
  }
}

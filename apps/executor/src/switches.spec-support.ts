import { eventIdOf, topicName, type EventData, type Json } from '@countersign/contracts';
import { signedEncoder, type Signer } from '@countersign/signing';
import { until, type PlainKafka } from '@countersign/testing';

const APPLIED = 'countersign.control.applied.v1';
export type Ack = EventData<typeof APPLIED>;

/** The control topic as anybody can write it, and policy's word on it. */
export class Switches {
  private offsets = 0;

  constructor(
    private readonly plain: PlainKafka,
    private readonly prefix: string,
    private readonly pens: ReadonlyMap<string, Signer>,
  ) {}

  /** Bare JSON, by a plain client. Answers its offset. */
  async write(scope: string, value: Json): Promise<number> {
    await this.plain.produce(topicName('control', this.prefix), { key: scope, value: JSON.stringify(value) });
    return this.offsets++;
  }

  /** What policy says of a record of the topic, signed by whoever is said to. */
  async say(scope: string, value: Json, epoch: number, signedBy = 'policy'): Promise<void> {
    const at = new Date().toISOString();
    const nobody = { tenantid: '', actorid: '', session: '', correlationid: '', causationid: `0/${epoch}` };
    const data = { scope, value, epoch, service: 'policy', instance: 'policy-1', at, appendedAt: at, by: 'sam' } as Ack;
    const id = eventIdOf(APPLIED, scope, epoch, 'policy', 'policy-1');
    const draft = { type: APPLIED, id, time: at, subject: scope, ...nobody, data } as const;
    const { key, value: text, headers } = signedEncoder('policy', this.pens.get(signedBy)!)(draft);
    await this.plain.produce(topicName('control-acks', this.prefix), { key, value: text, headers });
  }

  /** A record that policy found to be right. */
  async apply(scope: string, value: Json): Promise<number> {
    const epoch = await this.write(scope, value);
    await this.say(scope, value, epoch);
    return epoch;
  }

  /** What executors acknowledge of a record, once so many have. */
  heard(epoch: number, instances = 1): Promise<Ack[]> {
    const all = async () => (await this.acks()).filter((ack) => ack.epoch === epoch && ack.service === 'executor');
    const enough = async () => {
      const acks = await all();
      return acks.length >= instances && acks;
    };
    return until(enough, { what: `${instances} acknowledgements of ${epoch}`, everyMs: 20 });
  }

  private async acks(): Promise<Ack[]> {
    const records = await this.plain.readAll(topicName('control-acks', this.prefix));
    return records.map(({ value }) => JSON.parse(value!.toString()) as Ack);
  }
}

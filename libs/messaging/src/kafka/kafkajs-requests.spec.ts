import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { readRecordsDirectly } from './record-reader.js';
import { writeRecordsDirectly } from './record-writer.js';

const load = createRequire(import.meta.url);
interface Encoder {
  buffer: Buffer;
  writeInt16(value: number): Encoder;
  writeInt32(value: number): Encoder;
  writeInt64(value: number): Encoder;
  writeString(value: string): Encoder;
  writeBufferInternal(value: Buffer): void;
}
interface Protocol {
  request: { encode(): Promise<Encoder> };
  response: {
    decode(raw: Buffer): Promise<{ responses: { partitions: { partition: number; messages: object[] }[] }[] }>;
  };
}
type Definition = { protocol(of: { version: number }): (ask: object) => Protocol };
const { requests } = load('kafkajs/src/protocol/requests') as { requests: Record<'Produce' | 'Fetch', Definition> };
const NewEncoder = load('kafkajs/src/protocol/encoder') as new () => Encoder;

const [theirProduce, theirFetch] = [requests.Produce.protocol, requests.Fetch.protocol];
writeRecordsDirectly();
readRecordsDirectly();

/** Those that every object has kafkajs reads wrong: below. */
const headerName = fc.string({ unit: 'binary' }).filter((name) => !(name in Object.prototype));
const message = fc.record(
  {
    key: fc.string({ unit: 'binary' }),
    value: fc.string({ unit: 'binary', maxLength: 300 }),
    headers: fc.dictionary(headerName, fc.string({ unit: 'binary', maxLength: 200 })),
  },
  { requiredKeys: ['key', 'value'] },
);
const sent = fc.array(fc.array(message, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 3 });
const asked = (batches: object[][], more: object = {}) => ({
  ...{ acks: -1, timeout: 30_000, ...more },
  topicData: [
    { topic: 'récords', partitions: batches.map((messages, partition) => ({ partition, messages, firstSequence: 0 })) },
  ],
});
const encoded = async (protocol: Definition['protocol'], ask: object, version = 7) =>
  Buffer.from((await protocol({ version })(ask).request.encode()).buffer);

/** The answer to a fetch in which each partition has these bytes, with this word on whom to read it from. */
function answer(sets: Buffer[], { replica = -1, error = 0 } = {}): Buffer {
  const out = new NewEncoder().writeInt32(0).writeInt16(0).writeInt32(0).writeInt32(1).writeString('récords');
  out.writeInt32(sets.length);
  sets.forEach((set, partition) => {
    out.writeInt32(partition).writeInt16(error).writeInt64(1000).writeInt64(1000).writeInt64(0).writeInt32(0);
    out.writeInt32(replica).writeInt32(set.length);
    out.writeBufferInternal(set);
  });
  return out.buffer;
}
/** The record set of the one partition in a request to produce. */
async function recordSet(messages: object[], more: { transactionalId?: string } = {}): Promise<Buffer> {
  const request = await encoded(theirProduce, asked([messages], more));
  const at = 2 + (more.transactionalId ?? '').length + 2 + 4 + 4 + 2 + Buffer.byteLength('récords') + 4 + 4;
  return request.subarray(at + 4, at + 4 + request.readInt32BE(at));
}
const decoded = async (protocol: Definition['protocol'], raw: Buffer) =>
  protocol({ version: 11 })({ maxWaitTime: 1, topics: [] }).response.decode(raw);

describe('records on the wire (the numbers are those of kafkajs-requests.ts)', () => {
  beforeAll(() => void jest.useFakeTimers({ now: 1_700_000_000_123 }));
  afterAll(() => void jest.useRealTimers());

  it('1: what is written is what kafkajs writes, byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(sent, async (batches) => {
        const ours = await encoded(requests.Produce.protocol, asked(batches));
        expect(ours.equals(await encoded(theirProduce, asked(batches)))).toBe(true);
      }),
      { numRuns: 12 },
    );
  });

  it('1: what is read is what kafkajs reads, several batches in a partition, the last of them cut off anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(sent, fc.double({ min: 0, max: 1, noNaN: true }), async (batches, part) => {
        const sets = await Promise.all(batches.map((messages) => recordSet(messages)));
        const whole = Buffer.concat([...sets, sets[0]!]);
        const cut = whole.subarray(0, whole.length - Math.floor(part * sets[0]!.length));
        const raw = answer([cut, whole]);
        expect(await decoded(requests.Fetch.protocol, raw)).toEqual(await decoded(theirFetch, raw));
      }),
      { numRuns: 12 },
    );
  });

  it('1: a header named like what every object has is a header, and one that stands twice stands twice', async () => {
    const headers = { ['__proto__']: 'a', constructor: 'b', twice: ['c', 'd'] };
    const { responses } = await decoded(
      requests.Fetch.protocol,
      answer([await recordSet([{ key: 'k', value: 'v', headers }])]),
    );
    const read = (responses[0]!.partitions[0]!.messages[0] as { headers: Record<string, unknown> }).headers;
    expect(Object.entries(read)).toEqual([
      ['__proto__', Buffer.from('a')],
      ['constructor', Buffer.from('b')],
      ['twice', [Buffer.from('c'), Buffer.from('d')]],
    ]);
  });

  it('2: what is not text, has its own time, is compressed or of a transaction is left to kafkajs', async () => {
    const text = { key: 'k', value: 'v' };
    const kinds = [
      asked([[{ ...text, key: Buffer.from([255]) }]]),
      asked([[{ ...text, value: null }]]),
      asked([[{ ...text, headers: { many: ['a', 'b'] } }]]),
      asked([[{ ...text, timestamp: '5' }]]),
      asked([[text]], { compression: 1 }),
      asked([[text]], { transactionalId: 't', producerId: '7' }),
    ];
    for (const ask of kinds)
      expect((await encoded(requests.Produce.protocol, ask)).equals(await encoded(theirProduce, ask))).toBe(true);
    expect(
      (await encoded(requests.Produce.protocol, asked([[text]]), 3)).equals(
        await encoded(theirProduce, asked([[text]]), 3),
      ),
    ).toBe(true);
    for (const more of [{ compression: 1 }, { transactionalId: 't', producerId: '7' }]) {
      const raw = answer([await recordSet([text], more)]);
      expect(await decoded(requests.Fetch.protocol, raw)).toEqual(await decoded(theirFetch, raw));
    }
  });

  it('3: a partition with nothing new is left out, unless it says something of itself', async () => {
    const nothing = Buffer.alloc(0);
    const places = async (raw: Buffer) =>
      (await decoded(requests.Fetch.protocol, raw)).responses[0]!.partitions.map(({ partition }) => partition);
    expect(await places(answer([nothing, await recordSet([{ key: 'k', value: 'v' }]), nothing]))).toEqual([1]);
    expect(await places(answer([nothing], { replica: 3 }))).toEqual([0]);
    expect(await places(answer([nothing], { error: 1 }))).toEqual([0]);
  });
});

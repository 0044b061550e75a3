import { load, MAGIC, requests, type Definition, type Encoded } from './kafkajs-requests.js';

interface Sent {
  key?: unknown;
  value: unknown;
  headers?: Record<string, unknown>;
  timestamp?: unknown;
}
interface ProduceAsk {
  acks: number;
  timeout: number;
  compression?: number;
  transactionalId?: string;
  producerId?: unknown;
  topicData: { topic: string; partitions: { partition: number; messages: Sent[] }[] }[];
}
const Produce = requests.Produce as Definition<ProduceAsk, unknown>;
const Encoder = load('kafkajs/src/protocol/encoder') as new (size: number) => Encoded;
const crc32C = load('kafkajs/src/protocol/recordBatch/crc32C') as (bytes: Buffer) => number;

/** Guarantee 2 for what is written. Twice is as good as once. */
export function writeRecordsDirectly(): void {
  const theirs = Produce.protocol.bind(Produce);
  Produce.protocol = ({ version }) => {
    const made = theirs({ version });
    if (version !== 7) return made;
    return (ask) => {
      const { request, ...rest } = made(ask);
      return isPlain(ask)
        ? { request: { ...request, encode: () => Promise.resolve(produced(ask)) }, ...rest }
        : { request, ...rest };
    };
  };
}

const isPlain = ({ compression, transactionalId, producerId = -1, topicData }: ProduceAsk): boolean =>
  !compression &&
  !transactionalId &&
  String(producerId) === '-1' &&
  topicData.every(({ partitions }) => partitions.every(({ messages }) => messages.every(isText)));
const isText = ({ key, value, headers = {}, timestamp }: Sent): boolean =>
  typeof key === 'string' &&
  typeof value === 'string' &&
  timestamp === undefined &&
  Object.values(headers).every((header) => typeof header === 'string');

/** Grows as it is written; what is written stays where it is. */
class Writer {
  bytes = Buffer.allocUnsafe(16_384);
  at = 0;

  room(length: number): void {
    if (this.at + length <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.bytes.length, this.at + length));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }
  int8(value: number): void {
    this.room(1);
    this.at = this.bytes.writeInt8(value, this.at);
  }
  int16(value: number): void {
    this.room(2);
    this.at = this.bytes.writeInt16BE(value, this.at);
  }
  int32(value: number): void {
    this.room(4);
    this.at = this.bytes.writeInt32BE(value, this.at);
  }
  int64(value: bigint): void {
    this.room(8);
    this.at = this.bytes.writeBigInt64BE(value, this.at);
  }
  text(value: string): void {
    const length = Buffer.byteLength(value);
    this.int16(length);
    this.raw(value, length);
  }
  raw(value: string, length: number): void {
    this.room(length);
    this.at += this.bytes.write(value, this.at, length);
  }
  varint(value: number): void {
    this.room(5);
    let rest = (value << 1) ^ (value >> 31);
    for (; rest & ~0x7f; rest >>>= 7) this.bytes[this.at++] = (rest & 0x7f) | 0x80;
    this.bytes[this.at++] = rest;
  }
  varText(value: string, length: number): void {
    this.varint(length);
    this.raw(value, length);
  }
}

function sizeOfVarint(value: number): number {
  let bytes = 1;
  for (let rest = (value << 1) ^ (value >> 31); rest & ~0x7f; rest >>>= 7) bytes++;
  return bytes;
}

function produced({ acks, timeout, topicData }: ProduceAsk): Encoded {
  const out = new Writer();
  out.int16(-1);
  out.int16(acks);
  out.int32(timeout);
  out.int32(topicData.length);
  for (const { topic, partitions } of topicData) {
    out.text(topic);
    out.int32(partitions.length);
    for (const { partition, messages } of partitions) {
      out.int32(partition);
      writeBatch(out, messages);
    }
  }
  const encoded = new Encoder(1);
  encoded.buf = out.bytes;
  encoded.offset = out.at;
  return encoded;
}

function writeBatch(out: Writer, messages: Sent[]): void {
  const start = out.at;
  out.int32(0); // how long it is
  out.int64(0n);
  out.int32(0); // how long the rest is
  out.int32(0);
  out.int8(MAGIC);
  out.int32(0); // the checksum
  const body = out.at;
  const now = BigInt(Date.now());
  out.int16(0);
  out.int32(messages.length - 1);
  out.int64(now);
  out.int64(now);
  out.int64(-1n); // no idempotent producer
  out.int16(0);
  out.int32(0);
  out.int32(messages.length);
  messages.forEach((message, index) => writeRecord(out, message as TextMessage, index));
  out.bytes.writeInt32BE(out.at - start - 4, start);
  out.bytes.writeInt32BE(out.at - start - 16, start + 12);
  out.bytes.writeUInt32BE(crc32C(out.bytes.subarray(body, out.at)), body - 4);
}

interface TextMessage {
  key: string;
  value: string;
  headers?: Record<string, string>;
}

function writeRecord(out: Writer, { key, value, headers = {} }: TextMessage, index: number): void {
  const texts = [key, value];
  for (const name of Object.keys(headers)) texts.push(name, headers[name]!);
  const lengths = texts.map((text) => Buffer.byteLength(text));
  const count = (texts.length - 2) / 2;
  let size = 2 + sizeOfVarint(index) + sizeOfVarint(count);
  for (const length of lengths) size += sizeOfVarint(length) + length;
  out.varint(size);
  out.int8(0);
  out.varint(0);
  out.varint(index);
  out.varText(key, lengths[0]!);
  out.varText(value, lengths[1]!);
  out.varint(count);
  for (let at = 2; at < texts.length; at++) out.varText(texts[at]!, lengths[at]!);
}

import { MAGIC, requests, type Definition } from './kafkajs-requests.js';

interface Fetched {
  throttleTime: number;
  clientSideThrottleTime: number;
  errorCode: number;
  sessionId: number;
  responses: { topicName: string; partitions: Partition[] }[];
}
interface Partition {
  partition: number;
  errorCode: number;
  highWatermark: string;
  lastStableOffset: string;
  lastStartOffset: string;
  abortedTransactions: { producerId: string; firstOffset: string }[];
  preferredReadReplica: number;
  messages: object[];
}

const Fetch = requests.Fetch as Definition<unknown, Fetched>;

/** Guarantee 2 for what is read. */
export function readRecordsDirectly(): void {
  const theirs = Fetch.protocol.bind(Fetch);
  Fetch.protocol = ({ version }) => {
    const made = theirs({ version });
    if (version !== 11) return made;
    return (ask) => {
      const { response, ...rest } = made(ask);
      const decode = async (raw: Buffer) => fetched(raw) ?? response.decode(raw);
      return { ...rest, response: { ...response, decode } };
    };
  };
}

const BATCH_HEAD = 61;
const CODEC = 0x07;
const APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** Thrown where the bytes are of a kind that is not read here. */
class AnotherKind extends Error {}

function fetched(raw: Buffer): Fetched | undefined {
  const reader = new Reader(raw);
  try {
    const clientSideThrottleTime = reader.int32();
    const errorCode = reader.int16();
    const sessionId = reader.int32();
    const responses = reader.array(() => ({
      topicName: reader.text(reader.int16()),
      partitions: reader.array(() => partitionOf(reader)).filter(saysSomething),
    }));
    return { throttleTime: 0, clientSideThrottleTime, errorCode, sessionId, responses };
  } catch (error) {
    if (error instanceof AnotherKind) return undefined;
    throw error;
  }
}

/** Guarantee 3. */
const saysSomething = ({ errorCode, preferredReadReplica, messages }: Partition): boolean =>
  messages.length > 0 || errorCode !== 0 || preferredReadReplica !== -1;

function partitionOf(reader: Reader): Partition {
  return {
    partition: reader.int32(),
    errorCode: reader.int16(),
    highWatermark: reader.long(),
    lastStableOffset: reader.long(),
    lastStartOffset: reader.long(),
    abortedTransactions: reader.array(() => ({ producerId: reader.long(), firstOffset: reader.long() })),
    preferredReadReplica: reader.int32(),
    messages: messagesOf(reader),
  };
}

/** The last batch may have been cut off by the limit of the fetch. */
function messagesOf(reader: Reader): object[] {
  const size = reader.int32();
  const end = reader.at + Math.max(0, size);
  const messages: object[] = [];
  if (end > reader.bytes.length) return messages;
  while (reader.at + BATCH_HEAD <= end) {
    const batchEnd = reader.at + 12 + reader.bytes.readInt32BE(reader.at + 8);
    if (batchEnd > end) break;
    readBatch(reader, messages);
    reader.at = batchEnd;
  }
  reader.at = end;
  return messages;
}

function readBatch(reader: Reader, into: object[]): void {
  const first = Number(reader.long());
  reader.at += 4;
  const partitionLeaderEpoch = reader.int32();
  const magicByte = reader.bytes[reader.at++];
  reader.at += 4; // kafkajs does not look at the checksum either
  const attributes = reader.int16();
  if (magicByte !== MAGIC || attributes & CODEC) throw new AnotherKind();
  const batchContext = {
    firstOffset: String(first),
    partitionLeaderEpoch,
    inTransaction: (attributes & TRANSACTIONAL) > 0,
    isControlBatch: (attributes & CONTROL) > 0,
    lastOffsetDelta: reader.int32(),
    firstTimestamp: reader.long(),
    maxTimestamp: reader.long(),
    producerId: reader.long(),
    producerEpoch: reader.int16(),
    firstSequence: reader.int32(),
    timestampType: attributes & APPEND_TIME ? 1 : 0,
    magicByte,
  };
  for (let left = reader.int32(); left > 0; left--) into.push(readRecord(reader, first, batchContext));
}

interface BatchContext {
  isControlBatch: boolean;
  firstTimestamp: string;
  maxTimestamp: string;
  timestampType: number;
}

function readRecord(reader: Reader, first: number, batchContext: BatchContext): object {
  const size = reader.varint();
  const end = reader.at + size;
  const attributes = reader.bytes.readInt8(reader.at++);
  const later = reader.varint();
  const { timestampType, maxTimestamp, firstTimestamp, isControlBatch } = batchContext;
  const record = {
    magicByte: MAGIC,
    attributes,
    timestamp: timestampType ? maxTimestamp : String(BigInt(firstTimestamp) + BigInt(later)),
    offset: String(first + reader.varint()),
    key: reader.varBytes(),
    value: reader.varBytes(),
    headers: headersOf(reader),
    isControlRecord: isControlBatch,
    batchContext,
  };
  reader.at = end;
  return record;
}

type Header = Buffer | null | (Buffer | null)[];

function headersOf(reader: Reader): Record<string, Header> {
  const headers: Record<string, Header> = {};
  for (let left = reader.varint(); left > 0; left--) {
    const name = reader.text(reader.varint());
    const value = reader.varBytes();
    const before = Object.hasOwn(headers, name) ? headers[name] : undefined;
    const all = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
    // A name like __proto__ is a name as well.
    if (name === '__proto__')
      Object.defineProperty(headers, name, { value: all, enumerable: true, writable: true, configurable: true });
    else headers[name] = all;
  }
  return headers;
}

class Reader {
  at = 0;

  constructor(readonly bytes: Buffer) {}

  int16(): number {
    const value = this.bytes.readInt16BE(this.at);
    this.at += 2;
    return value;
  }
  int32(): number {
    const value = this.bytes.readInt32BE(this.at);
    this.at += 4;
    return value;
  }
  /** As kafkajs has them: in decimal. */
  long(): string {
    const value = this.bytes.readInt32BE(this.at) * 0x1_0000_0000 + this.bytes.readUInt32BE(this.at + 4);
    const text = Number.isSafeInteger(value) ? String(value) : String(this.bytes.readBigInt64BE(this.at));
    this.at += 8;
    return text;
  }
  /** Of up to 64 bits: what a double cannot hold is near enough for a time. */
  varint(): number {
    let value = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = this.bytes[this.at++]!;
      value += (byte & 0x7f) * unit;
      if (!(byte & 0x80)) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
  }
  varBytes(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const bytes = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return bytes;
  }
  text(length: number): string {
    const text = this.bytes.toString('utf8', this.at, this.at + length);
    this.at += length;
    return text;
  }
  array<T>(read: () => T): T[] {
    const items: T[] = [];
    for (let left = this.int32(); left > 0; left--) items.push(read());
    return items;
  }
}

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { deriveId, type HeaderValue, type RawRecord } from '@countersign/contracts';
import { maskWords } from '@countersign/sealing';
import type { ParkedRow } from './ports.js';
import { printable } from './storable.js';

/** Parked bytes may hold tokens and people's words: they are kept encrypted, bound to where they stood in the log. */
export class ParkingLot {
  /** `key`: 32 bytes. */
  constructor(private readonly key: Buffer) {
    if (key.length !== 32) throw new RangeError(`the parking key has ${key.length} bytes, it needs 32`);
  }

  row(consumer: string, record: RawRecord, reason: string, detail: string): ParkedRow {
    const { topic, partition, offset } = record;
    const id = deriveId('par', consumer, topic, partition, offset.toString());
    return {
      id,
      consumer,
      topic,
      partition,
      offset,
      appendedAt: new Date(record.timestamp),
      reason,
      // What is said of a record may quote it.
      detail: maskWords(printable(detail)),
      bytes: this.seal(id, record),
    };
  }

  record(row: ParkedRow): RawRecord {
    const { topic, partition, offset, appendedAt } = row;
    return { topic, partition, offset, timestamp: appendedAt.getTime(), ...this.open(row.id, row.bytes) };
  }

  private seal(id: string, record: RawRecord): Buffer {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.key, nonce).setAAD(Buffer.from(id));
    const headers = Object.entries(record.headers).map(([name, value]) => [name, packHeader(value)]);
    const text = JSON.stringify({ key: pack(record.key), value: pack(record.value), headers });
    return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  }

  private open(id: string, bytes: Buffer): Pick<RawRecord, 'key' | 'value' | 'headers'> {
    const decipher = createDecipheriv('aes-256-gcm', this.key, bytes.subarray(0, 12)).setAAD(Buffer.from(id));
    decipher.setAuthTag(bytes.subarray(-16));
    const text = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('utf8');
    const { key, value, headers } = JSON.parse(text) as {
      key: Packed;
      value: Packed;
      headers: [string, Packed | Packed[]][];
    };
    return {
      key: unpack(key),
      value: unpack(value),
      headers: Object.fromEntries(headers.map(([name, packed]) => [name, unpackHeader(packed)])),
    };
  }
}

type Packed = string | null;
const pack = (bytes: Buffer | string | null | undefined): Packed =>
  bytes === null || bytes === undefined ? null : Buffer.from(bytes).toString('base64');
const unpack = (packed: Packed): Buffer | null => (packed === null ? null : Buffer.from(packed, 'base64'));
const packHeader = (value: HeaderValue): Packed | Packed[] => (Array.isArray(value) ? value.map(pack) : pack(value));
const unpackHeader = (packed: Packed | Packed[]): HeaderValue =>
  Array.isArray(packed) ? packed.map((one) => unpack(one) ?? '') : (unpack(packed) ?? undefined);

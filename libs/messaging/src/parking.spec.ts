import { describe, expect, it } from '@jest/globals';
import type { RawRecord } from '@countersign/contracts';
import { ParkingLot } from './parking.js';

const record: RawRecord = {
  topic: 'intents',
  partition: 1,
  offset: 42n,
  timestamp: 1_700_000_000_000,
  key: Buffer.from('acme/s'),
  value: Buffer.from([0xff, 0x00, 0x7b]),
  headers: { authorization: Buffer.from('Bearer secret-token'), twice: [Buffer.from('a'), Buffer.from('b')] },
};
const lot = new ParkingLot(Buffer.alloc(32, 1));

describe('the parking lot', () => {
  it('gives back the record byte for byte', () => {
    expect(lot.record(lot.row('c', record, 'NOT_UTF8', 'bytes'))).toEqual(record);
  });

  it('keeps a record without key, value and headers', () => {
    const bare = { ...record, key: null, value: null, headers: {} };
    expect(lot.record(lot.row('c', bare, 'NOT_AN_EVENT', ''))).toEqual(bare);
  });

  it('stores nothing readable, and nothing under another key, id or with a bit changed', () => {
    const row = lot.row('c', record, 'NOT_UTF8', 'bytes');
    expect(row.bytes.includes('secret-token')).toBe(false);
    const changed = Buffer.from(row.bytes);
    changed[20]! ^= 1;
    expect(() => new ParkingLot(Buffer.alloc(32, 2)).record(row)).toThrow();
    expect(() => lot.record({ ...row, id: 'par_other' })).toThrow();
    expect(() => lot.record({ ...row, bytes: changed })).toThrow();
  });

  it('gives the same record the same id, and says in print only what may be printed', () => {
    const first = lot.row('c', record, 'NOT_JSON', 'a\u0000\u001b[31m\ud800 \u{1f600}');
    expect(first.id).toBe(lot.row('c', record, 'NOT_JSON', '').id);
    expect(first.id).not.toBe(lot.row('other', record, 'NOT_JSON', '').id);
    expect(first.detail).toBe('a??[31m? \u{1f600}');
  });

  it('says of a record why it cannot be read, and not whose address or card stands in it', () => {
    const { detail } = lot.row('c', record, 'DUPLICATE_KEY', 'the key "dana@example.com" stands twice');
    expect(detail).toBe('the key "[personal]" stands twice');
  });

  it('refuses a key of another length', () => {
    expect(() => new ParkingLot(Buffer.alloc(16))).toThrow('32');
  });
});

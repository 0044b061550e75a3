import { describe, expect, it } from '@jest/globals';
import { decodeRecord, keyOf, Poison, type RawRecord } from './index.js';

const data = { workflow: 'support-desk', session: 's-1', text: 'Hello' };
const headers = {
  ce_specversion: '1.0',
  ce_id: 'req-1',
  ce_source: '/shop',
  ce_type: 'countersign.intent.requested.v1',
  ce_tenantid: 'acme',
};
const record = (more: Partial<Omit<RawRecord, 'value'>> & { value?: unknown } = {}): RawRecord => ({
  topic: 'intents',
  partition: 0,
  offset: 3n,
  timestamp: 1,
  key: Buffer.from('acme/s-1'),
  headers,
  ...more,
  value:
    more.value === null
      ? null
      : Buffer.from(typeof more.value === 'string' ? more.value : JSON.stringify(more.value ?? data)),
});
function reasonOf(given: RawRecord): string {
  try {
    decodeRecord(given);
    return 'none';
  } catch (error) {
    if (error instanceof Poison) return error.reason;
    throw error;
  }
}
const structured = { 'Content-Type': 'application/cloudevents+json; charset=utf-8' };
const envelope = { specversion: '1.0', id: 'req-1', source: '/shop', type: 'countersign.intent.requested.v1', data };

describe('a record', () => {
  it('is read in binary mode, headers whatever their case, the token beside the event', () => {
    const incoming = decodeRecord(
      record({ headers: { ...headers, Authorization: Buffer.from('Bearer x'), ce_signature: 'h..s' } }),
    );
    expect(incoming).toMatchObject({
      key: 'acme/s-1',
      headers: { authorization: 'Bearer x' },
      signature: 'h..s',
      event: { id: 'req-1', source: '/shop', tenantid: 'acme', data },
    });
    expect(incoming.headers).not.toHaveProperty('ce_id');
  });

  it.each([
    '00-' + 'a'.repeat(2_000_000),
    'x',
    '',
    '00-A0000000000000000000000000000000-b7ad6b7169203331-01',
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`,
    'ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  ])('keeps no traceparent that is none: it would be copied to all that the event causes (%#)', (traceparent) => {
    expect(decodeRecord(record({ headers: { ...headers, traceparent } })).headers).toEqual({});
  });

  it('is structured by its media type in whatever case, and an attribute of null counts as absent', () => {
    const headers = { 'content-type': 'application/CloudEvents+JSON' };
    const value = { ...envelope, subject: null, time: null };
    expect(decodeRecord(record({ headers, value })).event).toMatchObject({ id: 'req-1', subject: '', time: '', data });
    expect(reasonOf(record({ headers, value: { ...envelope, id: null } }))).toBe('NOT_AN_EVENT');
  });

  it('is read in structured mode on intents and control, nowhere else', () => {
    expect(decodeRecord(record({ headers: structured, value: envelope })).event).toMatchObject({ id: 'req-1', data });
    const trip = { ...envelope, type: 'x', data: { killed: true } };
    const control = decodeRecord(
      record({ topic: 'control', key: Buffer.from('kill/*'), headers: structured, value: trip }),
    );
    expect(control.event).toMatchObject({
      type: 'countersign.control.set.v1',
      data: { scope: 'kill/*', value: { killed: true } },
    });
    expect(reasonOf(record({ topic: 'replies', headers: structured, value: envelope }))).toBe('NOT_AN_EVENT');
  });

  it('on control may be a bare JSON value or a tombstone: anybody with a shell can stop things', () => {
    const bare = decodeRecord(
      record({ topic: 'control', key: Buffer.from('kill/*'), headers: {}, value: { killed: true } }),
    );
    expect(bare.event).toMatchObject({
      id: '0/3',
      source: '/unknown',
      data: { scope: 'kill/*', value: { killed: true } },
    });
    const tombstone = decodeRecord(record({ topic: 'control', key: Buffer.from('kill/*'), headers: {}, value: null }));
    expect(tombstone.event).toMatchObject({ data: { scope: 'kill/*', value: null } });
  });

  it.each<[string, RawRecord, string]>([
    ['has no value', record({ value: null }), 'NOT_AN_EVENT'],
    ['is no JSON', record({ value: '<xml/>' }), 'NOT_JSON'],
    ['has a key twice', record({ value: '{"workflow":"a","workflow":"b","session":"s","text":"t"}' }), 'DUPLICATE_KEY'],
    ['names no type', record({ headers: { ...headers, ce_type: '' } }), 'NOT_AN_EVENT'],
    [
      'names a type nobody knows',
      record({ headers: { ...headers, ce_type: 'countersign.intent.requested.v9' } }),
      'UNKNOWN_TYPE',
    ],
    ['names a type every object has', record({ headers: { ...headers, ce_type: 'constructor' } }), 'UNKNOWN_TYPE'],
    ['is on another topic', record({ topic: 'decisions' }), 'WRONG_TOPIC'],
    ['lacks a field', record({ value: { workflow: 'support-desk', session: 's-1' } }), 'INVALID_DATA'],
    ['has a field too many', record({ value: { ...data, admin: true } }), 'INVALID_DATA'],
    ['has a header twice', record({ headers: { ...headers, CE_ID: 'req-2' } }), 'NOT_AN_EVENT'],
    [
      'has a header with two values',
      record({ headers: { ...headers, authorization: ['Bearer a', 'Bearer b'] } }),
      'NOT_AN_EVENT',
    ],
    [
      'has an attribute that would forge a log line',
      record({ headers: { ...headers, ce_id: 'req-1\nERROR' } }),
      'NOT_AN_EVENT',
    ],
    ['has an attribute without end', record({ headers: { ...headers, ce_id: 'x'.repeat(301) } }), 'NOT_AN_EVENT'],
    [
      'is structured, with an id that is no text',
      record({ headers: structured, value: { ...envelope, id: 7 } }),
      'NOT_AN_EVENT',
    ],
    [
      'is control without a scope',
      record({ topic: 'control', key: null, headers: {}, value: { killed: true } }),
      'NOT_AN_EVENT',
    ],
  ])('that %s can never be read', (_, given, reason) => {
    expect(reasonOf(given)).toBe(reason);
  });
});

describe('a key', () => {
  const draft = { tenantid: 'acme', session: 's-1', subject: 'kill/*' };
  it('is the session, or on the side topics the subject', () => {
    expect(keyOf({ ...draft, type: 'countersign.intent.requested.v1' })).toBe('acme/s-1');
    expect(keyOf({ ...draft, type: 'countersign.control.set.v1' })).toBe('kill/*');
    expect(keyOf({ ...draft, type: 'countersign.control.applied.v1' })).toBe('kill/*');
  });
});

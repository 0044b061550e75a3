import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeRecord, intentIdOf, Poison, type HeaderValue, type RawRecord, TOPICS } from '@countersign/contracts';
import type { Read } from '@countersign/messaging';
import { KeyRing } from '@countersign/signing';
import { rowOf } from './row.js';

const parts = { ring: new KeyRing() };
const raw = (over: Partial<RawRecord> & { headers?: Record<string, HeaderValue> }): RawRecord => ({
  topic: 'intents',
  partition: 2,
  offset: 7n,
  timestamp: Date.UTC(2026, 0, 1),
  key: Buffer.from('acme/s-1'),
  value: Buffer.from('{}'),
  headers: {},
  ...over,
});
const INTENT = {
  ce_id: 'req-1',
  ce_source: '/apps/shop',
  ce_type: 'countersign.intent.requested.v1',
  ce_tenantid: 'acme',
  ce_actorid: 'alice',
};
const read = (record: RawRecord): Read => {
  try {
    return { record, incoming: decodeRecord(record), poison: undefined };
  } catch (error) {
    return { record, incoming: undefined, poison: error as Poison };
  }
};

describe('a row', () => {
  it('of a raw intent is unverified, and filed under the id it gets if its claim proves true', () => {
    const value = Buffer.from('{"workflow":"support-desk","session":"s-1","text":"hello"}');
    expect(rowOf(read(raw({ value, headers: INTENT })), parts)).toMatchObject({
      ...{
        topic: 'intents',
        partition: 2,
        offset: '7',
        key: 'acme/s-1',
        tenant: 'unverified',
        claimedTenant: 'acme',
        actor: 'alice',
      },
      ...{
        intent: intentIdOf('acme', '/apps/shop', 'req-1'),
        value: value.toString(),
        signature: 'not-required',
        poisonReason: null,
      },
    });
  });

  it('of an unsigned event where a signature is needed is absent, not valid, and unverified', () => {
    const data = {
      intentId: 'int_1',
      actionId: 'act_1',
      revision: 0,
      tenant: 'acme',
      outcome: 'committed',
      by: 'sam',
      reason: 'x',
    };
    const headers = { ...INTENT, ce_type: 'countersign.action.settled.v1' };
    const row = rowOf(read(raw({ topic: 'decisions', value: Buffer.from(JSON.stringify(data)), headers })), parts);
    expect(row).toMatchObject({
      signature: 'absent',
      flaw: 'it carries no signature',
      tenant: 'unverified',
      intent: 'int_1',
      action: 'act_1',
    });
  });

  it('never fails, never holds what a text column refuses, and never a token, whatever a stranger wrote', () => {
    const text = fc.string({ unit: 'binary', maxLength: 30 });
    const bytes = fc.oneof(
      text.map((each) => Buffer.from(each)),
      fc.uint8Array({ maxLength: 40 }).map((each) => Buffer.from(each)),
      fc.constant(null),
    );
    const name = fc.oneof(
      text,
      fc.constantFrom('authorization', 'Authorization', 'AUTHORIZATION', ...Object.keys(INTENT)),
    );
    const value = fc.oneof(
      text,
      bytes.map((each) => each ?? Buffer.alloc(0)),
      fc.array(text, { maxLength: 2 }),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...TOPICS),
        bytes,
        bytes,
        fc.array(fc.tuple(name, value), { maxLength: 6 }),
        (topic, key, body, headers) => {
          const secret = {
            Authorization: 'Bearer very-secret',
            authorization: ['Bearer very-secret', 'Bearer very-secret'],
          };
          const row = rowOf(
            read(raw({ topic, key, value: body, headers: { ...Object.fromEntries(headers), ...secret } })),
            parts,
          );
          expect(JSON.stringify(row)).not.toMatch(/\\u0000|very-secret/);
          expect(JSON.stringify(Object.values(row))).not.toContain('\u0000');
        },
      ),
      { seed: 11, numRuns: 500 },
    );
  });
});

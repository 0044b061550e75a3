import { describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import {
  decodeRecord,
  intentIdOf,
  Poison,
  TOPICS,
  type EventDraft,
  type HeaderValue,
  type RawRecord,
} from '@countersign/contracts';
import type { Read } from '@countersign/messaging';
import { KeyRing, signedEncoder, Signer } from '@countersign/signing';
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
const INTENT_CALL = { ...INTENT, ce_type: 'countersign.action.requested.v1' };
const DRAFT = {
  id: 'evt_1',
  time: '2026-01-01T09:00:00.000Z',
  subject: 'int_1',
  tenantid: 'acme',
  actorid: 'alice',
  session: 's-1',
  correlationid: 'int_1',
  causationid: 'evt_0',
};
const DATA = {
  'countersign.model.called.v1': {
    ...{ intentId: 'int_1', turn: 0, model: 'stand-in', request: [], response: {}, attempts: 1, durationMs: 1 },
    usage: { prompt: 1, completion: 1 },
  },
  'countersign.reply.sent.v1': {
    ...{
      intentId: 'int_1',
      tenant: 'acme',
      text: 'Done.',
      outcome: 'answered',
      fromModel: true,
      turns: 1,
      actions: [],
    },
  },
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

  it.each([
    ['binary', (data: object) => raw({ value: Buffer.from(JSON.stringify(data)), headers: INTENT_CALL })],
    [
      'structured',
      (data: object) =>
        raw({
          value: Buffer.from(
            JSON.stringify({
              ...{ specversion: '1.0', id: 'req-1', source: '/apps/shop', type: INTENT_CALL.ce_type },
              ...{ tenantid: 'acme', actorid: 'alice', data },
            }),
          ),
          headers: { 'content-type': 'application/cloudevents+json' },
        }),
    ],
  ])('of what a person asked for shows no known shape, in %s mode, and can be read again (4)', (_, record) => {
    const args = { to: 'dana@example.com', note: 'card 4111 1111 1111 1111', orderId: 'ord_1001', count: 1 };
    const data = { workflow: 'support-desk', session: 's-1', tool: 'draft_reply', arguments: args };
    const given = record(data);
    const row = rowOf(read(given), parts);
    expect(JSON.stringify(row)).not.toMatch(/dana|4111/);
    expect(row).toMatchObject({ intent: intentIdOf('acme', '/apps/shop', 'req-1'), tool: 'draft_reply' });
    const again = decodeRecord({ ...given, value: Buffer.from(row.value!) });
    const shown = { ...args, to: '[personal]', note: 'card [financial]' };
    expect(again.event.data).toEqual({ ...data, arguments: shown });
  });

  it('of what anybody may write shows no known shape in any column, and is filed under the ids of what was written (4)', () => {
    const planted = 'dana@example.com';
    const said = { workflow: 'support-desk', session: planted, text: `see ${encodeURIComponent(planted)}` };
    const headers = {
      ...{ ...INTENT, ce_id: planted, ce_source: `/apps/${planted}`, ce_subject: planted, ce_actorid: planted },
      ...{ [planted]: 'x', 'x-note': Buffer.from(planted).toString('base64'), authorization: 'Bearer x' },
    };
    const row = rowOf(
      read(raw({ key: Buffer.from(`acme/${planted}`), value: Buffer.from(JSON.stringify(said)), headers })),
      parts,
    );
    expect(JSON.stringify(row)).not.toMatch(/dana|ZGFuYU/);
    expect(row).toMatchObject({
      ...{ key: 'acme/[personal]', claimedTenant: 'acme', id: '[personal]', source: '/apps/[personal]' },
      ...{ actor: '[personal]', intent: intentIdOf('acme', `/apps/${planted}`, planted) },
    });
    const bad = rowOf(
      read(raw({ key: Buffer.from(planted), value: Buffer.from(`{"${planted}": 1}`), headers })),
      parts,
    );
    expect(JSON.stringify(bad)).not.toMatch(/dana|ZGFuYU/);
    expect(bad.poisonReason).toBe('INVALID_DATA');
    const kill = raw({ topic: 'control', key: Buffer.from('kill/*'), value: Buffer.from(`"because of ${planted}"`) });
    expect(rowOf(read(kill), parts)).toMatchObject({ key: 'kill/*', value: '"because of [personal]"' });
  });

  it('is of the trace that it came in, whoever wrote it', () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const traceOf = (traceparent: string, key = 'traceparent') =>
      rowOf(read(raw({ headers: { ...INTENT, [key]: Buffer.from(traceparent) } })), parts).traceId;
    expect(traceOf(`00-${traceId}-b7ad6b7169203331-01`)).toBe(traceId);
    expect(traceOf(`00-${traceId}-b7ad6b7169203331-01`, 'TraceParent')).toBe(traceId);
    expect(traceOf(`00-${'0'.repeat(32)}-b7ad6b7169203331-01`)).toBeNull();
    expect(traceOf('zora@mail.test')).toBeNull();
    expect(rowOf(read(raw({ headers: INTENT })), parts).traceId).toBeNull();
  });

  it('of a disclosure is the tenant’s whose trace it concerns, by audit’s own signature alone', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const data = {
      ...{ intentId: 'int_1', tenant: 'acme', by: { sub: 'audra', roles: ['auditor'] }, reason: 'a dispute' },
      ...{ opened: [], at: DRAFT.time },
    };
    const draft = { ...DRAFT, subject: 'acme/int_1', type: 'countersign.audit.revealed.v1', data } as EventDraft;
    const { key, value, headers } = signedEncoder('audit', new Signer(privateKey))(draft);
    const record = raw({ topic: 'audit', key: Buffer.from(key), value: Buffer.from(value), headers });
    const by = (owner: string) => rowOf(read(record), { ring: new KeyRing().add(owner, pem) });
    expect(by('audit')).toMatchObject({ tenant: 'acme', intent: 'int_1', actor: 'alice', signature: 'valid' });
    expect(by('policy')).toMatchObject({ tenant: 'unverified', claimedTenant: 'acme', signature: 'invalid' });
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

  it.each([
    ['proposals', 'countersign.model.called.v1'],
    ['replies', 'countersign.reply.sent.v1'],
  ] as const)('of what stands on %s is the tenant’s by the planner’s signature alone', (topic, type) => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const signed = (owner: string, unsigned = false) => {
      const draft = { ...DRAFT, type, data: DATA[type] } as unknown as EventDraft;
      const { key, value, headers } = signedEncoder('planner', new Signer(privateKey))(draft);
      const record = raw({ topic, key: Buffer.from(key), value: Buffer.from(value), headers });
      if (unsigned) delete record.headers['ce_signature'];
      const { tenant, signature } = rowOf(read(record), { ring: new KeyRing().add(owner, pem) });
      return { tenant, signature };
    };
    expect(signed('planner')).toEqual({ tenant: 'acme', signature: 'valid' });
    expect(signed('policy')).toEqual({ tenant: 'unverified', signature: 'invalid' });
    expect(signed('planner', true)).toEqual({ tenant: 'unverified', signature: 'absent' });
  });

  it('is found by what auditors alone are told, beside what everybody is, and by the records a commit rests on', () => {
    const seen = (id: string) => ({ system: 'helpdesk', type: 'order', id, version: '1', at: DRAFT.time });
    const row = (type: string, data: object) =>
      rowOf(
        read(
          raw({ topic: 'results', value: Buffer.from(JSON.stringify(data)), headers: { ...INTENT, ce_type: type } }),
        ),
        parts,
      );
    const executed = {
      ...{ intentId: 'int_1', actionId: 'act_1', revision: 0, tenant: 'acme', tool: 'issue_refund', toolVersion: '1' },
      ...{ jti: 'j', grant: 'commit', attempts: 1, endedAt: DRAFT.time, recordsRead: [seen('ord_1')] },
    };
    const why = { code: 'NOT_FOUND', detail: 'no', nextStep: 'no', auditCode: 'TENANT_MISMATCH' };
    expect(row('countersign.action.failed.v1', { ...executed, ...why })).toMatchObject({
      code: 'NOT_FOUND',
      auditCode: 'TENANT_MISMATCH',
    });
    const done = { holds: true, statement: 's', detail: 'd', checked: [seen('ref_1')] };
    const committed = { ...executed, idempotencyKey: 'k', result: {}, recordsChanged: [], done };
    expect(row('countersign.action.committed.v1', committed)).toMatchObject({
      auditCode: null,
      about: ['ord_1', 'ref_1'],
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

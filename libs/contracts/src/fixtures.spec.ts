import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import {
  digest,
  EVENTS,
  encodeEvent,
  decodeRecord,
  isSealed,
  jcs,
  type EventDraft,
  type EventType,
  type OutRecord,
  type RawRecord,
} from './index.js';

interface Fixture {
  type: EventType;
  attributes: Record<string, string>;
  data: Record<string, unknown>;
  record: OutRecord;
}

const folder = new URL('./fixtures/', import.meta.url);
const fixtures = readdirSync(folder).map((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Fixture);
const cases = fixtures.map((fixture) => [fixture.type, fixture] as const);

/** SHA-256 over the canonical JSON of each fixture. A published version never changes: a change is a new type beside it. */
const FROZEN: Record<string, string> = {
  'countersign.action.approved.v1': 'o5ubHDfitXXuDwaC82O5qWTJFnB6vrTjmiUqeCBOvNg',
  'countersign.action.blocked.v1': '7UCPgG_2fZwltHx0fSusgEBd6t6HCENsyNsj--5cxMY',
  'countersign.action.committed.v1': 'V63I6PTsakRZqjsxSCZwqVxHkv3FoqEIyixSepYC9qw',
  'countersign.action.denied.v1': '_qBwEHRGve3XmPhU7K-Pfu7o-I5ZxgZJcdfC0x9cZNE',
  'countersign.action.drafted.v1': 'JbOE1lMWhQNj3FX9fUfcoDkGUU1f0Ou6Y9jb_ou5hkk',
  'countersign.action.escalated.v1': 'ylKodXy3Idv2CBPIO5SPWD01o-TYHDz34i_u97ookcQ',
  'countersign.action.failed.v1': 'uq_Shg-JfABnjFRgl_H_cHpvGasO-T82xw2pwFkAsR8',
  'countersign.action.in-doubt.v1': 'Gw7cWh0rKhG5PX97UvevHsqjkcnb0HH3UPtX5cyiz6w',
  'countersign.action.previewed.v1': 'xU68IHjaIa6UR5l1TXxR89zgIDhQvBNo2AAsRD_4H4U',
  'countersign.action.proposed.v1': '7ti01G6258XUcW49U7l0x4PY3SY5R84dUHc6lXzMVDw',
  'countersign.action.read.v1': 'L0qMejB4Px4tMaWNCaM5dSavvsHFFoiPnPVYogaF05M',
  'countersign.action.requested.v1': 'Y-nU0i26Ev6oB2TcJJPtJc-RXO6lS_FN2a5sQgpjNYY',
  'countersign.action.resolved.v1': 'FjQSqE_bHf2h8WGKBwkFSQ5xTAK-PZf3Em19BfPmknw',
  'countersign.action.returned.v1': '0Tpq5RRhraE_v620S1VDgGjYIhBIrbPssiNcM2DfGrA',
  'countersign.action.settled.v1': 'rWTXt3rAl0vipzI1LOECI1VkR4z3hZsWN1GPCvKbVFs',
  'countersign.action.unsettled.v1': 'MC5fAEfFDV20Bx808oD2tIu1qaOETQh650Zi_f8Ai_4',
  'countersign.approval.delegated.v1': '4GKu0MlNCmQnjiX6ey58jz0r5cG3LOIOvrHZuHVoDZU',
  'countersign.approval.edited.v1': 'HLdG0lTzoHCIdnqftcpH7o6Ag0AwjsQ1AcupTQMOpgE',
  'countersign.approval.expired.v1': 'IvtiDjSoVzSeCjmjgs294fIMmnjQQdR6yT4zsWxUtxA',
  'countersign.approval.granted.v1': '6UXY_0wuxk3AacmKMFqdVa0njhlxA1NpKrB0ekdjC0k',
  'countersign.approval.opened.v1': '21GBBfWoCAaDA3Oxg3W_MyuL0DhtA4XXq65UKfXQ5dM',
  'countersign.approval.rejected.v1': 'Bx59Z441oMoXp77f_Blm7V6mDgBR53-rgFihj-BO7-E',
  'countersign.approval.settled.v1': 'nP1gQ-NxIHC7FZvHkmGN5H6UMAkOVo7lNDjBDP-PEFg',
  'countersign.approval.viewed.v1': 'Wyo9Rvpdxh6xQ-wXXSoZN3BU7-fZclL-zTelAqPXBIM',
  'countersign.audit.checkpoint.v1': 'jBnWDxyc90JKgWGvzQykET12IYtIUFXXQoYKhFK9Vp0',
  'countersign.audit.erased.v1': 'UPZemzebrnj9pYATXjvA60-CGNDPwgFlHfpObHFQSH8',
  'countersign.audit.heartbeat.v1': 'Z9Gja2MVpWpYR1N9de2ZAZ2Iy5rgQd8uAdLOlRkuAdU',
  'countersign.audit.incident-captured.v1': 'VdVyuZUzlJjW5rcSo79sZlSRJ0zEOkiTz4zksaZU0EQ',
  'countersign.audit.incident-closed.v1': '9V4CFAFRJQc4AWa6swukxAqWajSmwjz0tLVXVngH7Vs',
  'countersign.audit.incident-opened.v1': 'qkJK9blDB7q2vLboRmMSmdO93q4TzXpTxS1SaTYZW4g',
  'countersign.audit.revealed.v1': 'XVg-MTnnu9d4XrYOBKez0nQ3VRFlAJsFKOBk4W6hBc4',
  'countersign.control.applied.v1': 'rmcPeo-BzzvT_IQluNOYvvCyYZ7JD9vSzpQcFSNSoO4',
  'countersign.control.refused.v1': 'Gxk0BIYt8oL8T84ppNot8cLz8amL2XZt1JG2YZRPdfQ',
  'countersign.control.set.v1': 'vReeC8L2Rui8GZEPJ4v-Q8iOmjCpwJUdLUvB5AQNFK0',
  'countersign.intent.accepted.v1': 'oYoQiULXLgqLT9D7X0Mqj-PUIIiFJQ58dCma3BBUEEk',
  'countersign.intent.refused.v1': '1O73Ikf7NLVSXMau0MU5WgR26DQiHI3jqrTbtpibzl8',
  'countersign.intent.requested.v1': 'O3iUmYh5xbCM2N_zpz-C1angryEjj0eACjIDFsjjl3Y',
  'countersign.model.called.v1': 'v78A9I_YMPcMcNxbtl5Tcti-nqkn4OpHHesjZ5DM0R4',
  'countersign.reply.sent.v1': 'p9U2CSQiftmLJxHsMg3FL24-sJ1D-d3oaG3VaqsjkGo',
};

const raw = ({ topic, key, value, headers }: OutRecord): RawRecord => ({
  topic,
  partition: 0,
  offset: 7n,
  timestamp: 1772359200000,
  key: Buffer.from(key),
  value: Buffer.from(value),
  headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)])),
});
const carried = ({ type, data }: Fixture) => (type === 'countersign.control.set.v1' ? data['value'] : data);
const source = ({ attributes }: Fixture) => attributes['source']!;

describe('the frozen fixtures', () => {
  it('are one for each event type', () => {
    expect(fixtures.map(({ type }) => type).sort()).toEqual(Object.keys(EVENTS).sort());
  });

  it('have not changed since they were published', () => {
    expect(Object.fromEntries(fixtures.map((fixture) => [fixture.type, digest(fixture)]))).toEqual(FROZEN);
  });

  it('show personal and financial values in their sealed form', () => {
    const sealed: string[] = [];
    JSON.stringify(fixtures, (_, value: unknown) => {
      if (isSealed(value)) sealed.push(value.$sealed.class);
      return value;
    });
    expect(new Set(sealed)).toEqual(new Set(['personal', 'financial']));
  });
});

it.each(['granted', 'rejected', 'edited', 'settled'])(
  "an approver's sealed token travels beside approval.%s, which holds its digest alone",
  (name) => {
    const { record, data } = fixtures.find(({ type }) => type === `countersign.approval.${name}.v1`)!;
    const sealed = record.headers['authorization']!.replace('Bearer ', '');
    expect(data['tokenDigest']).toBe(createHash('sha256').update(sealed).digest('base64url'));
    expect(record.value).not.toContain(sealed);
  },
);

describe.each(cases)('%s', (type, fixture) => {
  it('is read from its record', () => {
    const incoming = decodeRecord(raw(fixture.record));
    expect(incoming.event).toEqual({ type, ...fixture.attributes, data: fixture.data });
    expect(incoming.text).toBe(fixture.record.value);
    expect(incoming.headers['traceparent']).toBe(fixture.record.headers['traceparent']);
  });

  it('is written as its record', () => {
    const { traceparent, authorization } = fixture.record.headers;
    const draft = {
      ...fixture.attributes,
      type,
      data: fixture.data,
      traceparent,
      authorization,
    } as unknown as EventDraft;
    expect(encodeEvent(source(fixture), draft, jcs(carried(fixture)))).toEqual(fixture.record);
  });

  it('refuses a field that no schema names', () => {
    const schema = EVENTS[type].data;
    expect(schema.safeParse(fixture.data).success).toBe(true);
    expect(schema.safeParse({ ...fixture.data, unheardOf: 1 }).success).toBe(false);
  });
});

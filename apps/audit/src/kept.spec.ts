import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeRecord, EVENTS, type EventDraft, type RawRecord } from '@countersign/contracts';
import { decoded, type StoredRecord } from '@countersign/evidence';
import { SHAPES } from '@countersign/evidence/shapes';
import { KeyRing, plainEncoder } from '@countersign/signing';
import { rowOf } from './row.js';

const encode = plainEncoder('test');
const ring = new KeyRing();
const EVENTS_OF_SHAPES = Object.values(SHAPES).flatMap((shape) =>
  shape().trace.map(({ event }) => event as EventDraft),
);

interface Written {
  draft: EventDraft;
  structured: boolean;
  shouting: boolean;
  said: string;
}

/** As services write it, or as a product may: in structured mode, with header names as it likes. */
function written({ draft, structured, shouting, said }: Written): RawRecord {
  const { topic } = EVENTS[draft.type];
  const { key, value, headers } = encode(draft);
  const place = { topic, partition: 1, offset: 7n, timestamp: 0, key: Buffer.from(key) };
  const named = (name: string) => (shouting ? name.toUpperCase() : name);
  const renamed = Object.fromEntries(Object.entries(headers).map(([name, text]) => [named(name), text]));
  const plain = { ...place, value: Buffer.from(value), headers: { ...renamed, 'x-note': said } };
  if (!structured || (topic !== 'intents' && topic !== 'control')) return plain;
  const { data, ...attributes } = { ...draft, source: '/apps/shop', session: said };
  const body = JSON.stringify({
    specversion: '1.0',
    ...attributes,
    data: topic === 'control' ? { killed: true } : data,
  });
  return { ...place, value: Buffer.from(body), headers: { [named('content-type')]: 'application/cloudevents+json' } };
}

/** Read as strictly as what comes from the log. */
function strictly({ topic, partition, offset, appendedAt, key, value, headers }: StoredRecord) {
  const place = { topic, partition, offset: BigInt(offset), timestamp: appendedAt.getTime() };
  const record = { ...place, key: Buffer.from(key), value: value === null ? null : Buffer.from(value) };
  return decodeRecord({ ...record, headers: JSON.parse(headers) as Record<string, string> }).event;
}

describe('what is kept of a record', () => {
  it('is read again as it was when it came, byte for byte, without being looked at as strictly', () => {
    const events = new Set<string>();
    fc.assert(
      fc.property(
        fc.record({
          draft: fc.constantFrom(...EVENTS_OF_SHAPES),
          structured: fc.boolean(),
          shouting: fc.boolean(),
          said: fc.constantFrom('s-1', 'dana@example.com', 'ü'),
        }),
        (given) => {
          const record = written(given);
          const row = rowOf({ record, incoming: decodeRecord(record), poison: undefined }, { ring });
          expect(JSON.stringify(decoded(row))).toBe(JSON.stringify(strictly(row)));
          events.add(row.type!);
        },
      ),
      { seed: 5, numRuns: 1_000 },
    );
    expect(events).toEqual(new Set(EVENTS_OF_SHAPES.map(({ type }) => type)));
  });

  it('is no event any more where this version can not read it', () => {
    const [draft] = EVENTS_OF_SHAPES;
    const record = written({ draft: draft!, structured: false, shouting: false, said: '' });
    const row = rowOf({ record, incoming: decodeRecord(record), poison: undefined }, { ring });
    for (const value of ['{', '[]', '{"text":1}', null]) expect(decoded({ ...row, value })).toBeUndefined();
    expect(decoded({ ...row, headers: '{}' })).toBeUndefined();
  });
});

import { describe, expect, it } from '@jest/globals';
import { Poison, TOPICS, type RawRecord } from '@countersign/contracts';
import { KeyRing } from '@countersign/signing';
import { AuditMetrics } from './metrics.js';
import { trace } from './service.js';

const record = (topic: RawRecord['topic'], n: number): RawRecord => ({
  topic,
  partition: n % 4,
  offset: BigInt(Math.floor(n / 4)),
  timestamp: Date.UTC(2026, 0, 1) + n,
  key: Buffer.from('acme/s-1'),
  value: Buffer.from('{}'),
  headers: {},
});

describe('the ingester', () => {
  it('stores a batch of every topic with as many statements as one record', async () => {
    const log = { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} };
    const ingester = trace({ ring: new KeyRing() }, new AuditMetrics(), log as never);
    expect(ingester.topics).toEqual(TOPICS);
    const statements = async (records: RawRecord[]) => {
      const rows: Record<string, number> = {};
      const tx = {
        query: (name: string, _: string, values: unknown[]) => {
          rows[name] = Array.isArray(values[0]) ? values[0].length : 0;
          return Promise.resolve([]);
        },
      };
      const reads = records.map((each) => ({ record: each, poison: new Poison('NOT_AN_EVENT', 'no type') }));
      await ingester.ingest(tx as never, reads as never);
      return rows;
    };
    const one = await statements([record('results', 0)]);
    const all = TOPICS.flatMap((topic) => Array.from({ length: 400 }, (_, n) => record(topic, n)));
    const many = await statements(all);
    expect(Object.keys(many).sort()).toEqual(Object.keys(one).sort());
    expect([one['audit-insert'], many['audit-insert']]).toEqual([1, 400 * TOPICS.length]);
  });
});

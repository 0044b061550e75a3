import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { TOPICS } from '@countersign/contracts';
import { until } from '@countersign/testing';
import { AuditWorld, TOKEN } from './audit-world.fixture.js';

describe('the trace store on real Kafka and PostgreSQL', () => {
  let world: AuditWorld;
  beforeAll(async () => {
    world = await AuditWorld.open();
  });
  afterAll(() => world.close());

  it('keeps every record once: offsets contiguous, also after a restart from the beginning', async () => {
    const { intentId, records } = await world.publish('a commit by rule at once', 'contiguous');
    await world.waitFor(records.length, 'intent = $1', intentId);
    await world.service.stop();
    await world.owner.query('delete from offsets');
    await world.start();
    const { intentId: after, records: more } = await world.publish('denied by rule', 'after');
    await world.waitFor(more.length, 'intent = $1', after);
    for (const topic of TOPICS.filter((each) => each !== 'audit')) {
      const log = await world.kafka.readAll(world.topic(topic));
      const rows = await until(
        async () => {
          const found = await world.stored('topic = $1', topic);
          return found.length >= log.length && found;
        },
        { what: `${topic} to be stored` },
      );
      const place = ({ partition, offset }: { partition: number; offset: bigint | string }) => `${partition}/${offset}`;
      expect(rows.map((row) => place(row as { partition: number; offset: string })).sort()).toEqual(
        log.map(place).sort(),
      );
    }
    expect((await world.owner.query('select * from gaps')).rows).toEqual([]);
  });

  it('stores what cannot be read with its reason, and parks its bytes encrypted', async () => {
    const { intentId, records } = await world.publish('denied by rule', 'poison');
    const headers = {
      ce_id: 'p1',
      ce_source: '/x',
      ce_type: 'countersign.action.denied.v1',
      ce_correlationid: intentId,
      AUTHORIZATION: TOKEN,
    };
    await world.kafka.produce(
      world.topic('decisions'),
      { key: 'acme/s-1', value: '{"half":', headers },
      { key: 'acme/\u0000', value: Buffer.from([0xff, 0x00]), headers: { x: 'nul \u0000 in a header' } },
      { key: null, value: null },
    );
    const rows = await world.waitFor(3, "topic = 'decisions' and poison_reason is not null");
    expect(rows.map(({ poison_reason }) => poison_reason).sort()).toEqual(['NOT_AN_EVENT', 'NOT_JSON', 'NOT_UTF8']);
    expect(rows.every(({ value, tenant }) => value === null && tenant === 'unverified')).toBe(true);
    const parked = await world.owner.query<{ bytes: Buffer }>("select bytes from parked where topic = 'decisions'");
    expect(parked.rows.map(({ bytes }) => bytes.includes('half') || bytes.includes(TOKEN))).toEqual([
      false,
      false,
      false,
    ]);
    await world.waitFor(records.length + 1, 'intent = $1', intentId);
    const { body } = await world.get(`/v1/traces/${intentId}`, await world.token('audra', 'acme', 'auditor'));
    expect(body.unreadable).toMatchObject([{ topic: 'decisions', reason: 'NOT_JSON' }]);
  });

  it('says every so often how far it has stored everything, and never takes it back', async () => {
    const beats = await until(
      async () => {
        const log = await world.kafka.readAll(world.topic('audit'));
        return log.length >= 3 && log;
      },
      { what: 'three heartbeats' },
    );
    const data = beats.map(({ value }) => JSON.parse(value!.toString()) as { ingestedThrough: string; at: string });
    expect(data.every(({ ingestedThrough, at }) => ingestedThrough <= at)).toBe(true);
    expect(data.map(({ ingestedThrough }) => ingestedThrough)).toEqual(
      data.map(({ ingestedThrough }) => ingestedThrough).sort(),
    );
  });

  it('has no bearer token in any column, whatever the case of its header', async () => {
    await world.waitFor(1, "topic = 'intents'");
    const { rows } = await world.owner.query<{ row: string }>('select records::text as row from records');
    const secret = TOKEN.split(' ')[1]!;
    const forms = [secret, Buffer.from(secret).toString('hex'), 'uthorization'];
    expect(rows.filter(({ row }) => forms.some((form) => row.toLowerCase().includes(form.toLowerCase())))).toEqual([]);
  });

  it('raises offsets that are missing', async () => {
    const acks = world.topic('control-acks');
    await world.kafka.produce(acks, { key: 'a', value: '1' });
    await world.waitFor(1, "topic = 'control-acks'");
    await world.owner.query("update progress set next = 0 where topic = 'control-acks'");
    await world.kafka.produce(acks, { key: 'a', value: '2' });
    const gaps = await until(
      async () => {
        const { rows } = await world.owner.query<Record<string, unknown>>(
          'select topic, partition, from_offset, to_offset from gaps',
        );
        return rows.length > 0 && rows;
      },
      { what: 'the gap' },
    );
    expect(gaps).toEqual([{ topic: 'control-acks', partition: 0, from_offset: '0', to_offset: '0' }]);
    const metrics = await (await fetch(`${world.service.url}/metrics`)).text();
    expect(metrics).toMatch(/countersign_audit_missing_offsets_total\{topic="control-acks"\} 1/);
  });

  it('cannot change or remove what it stored', async () => {
    const service = new pg.Client({ connectionString: world.database.serviceUrl });
    await service.connect();
    try {
      await expect(service.query("update records set tenant = 'globex'")).rejects.toThrow(/permission denied/);
      await expect(service.query('delete from records')).rejects.toThrow(/permission denied/);
    } finally {
      await service.end();
    }
  });
});

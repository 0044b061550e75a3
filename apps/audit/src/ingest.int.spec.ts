import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { TOPICS } from '@countersign/contracts';
import { readAs, readerOf } from '@countersign/migrations';
import { gapsInWall, until } from '@countersign/testing';
import { DataSource } from 'typeorm';
import { AuditWorld, TOKEN } from './audit-world.fixture.js';

describe('the trace store on real Kafka and PostgreSQL', () => {
  let world: AuditWorld;
  let service: pg.Pool | undefined;
  beforeAll(async () => {
    world = await AuditWorld.open();
  });
  afterAll(async () => {
    await service?.end();
    await world.close();
  });

  it('keeps every record once, in store and tree: also from two instances that begin at the beginning again', async () => {
    const { intentId, records } = await world.publish('a commit by rule at once', 'contiguous');
    await world.waitFor(records.length, 'intent = $1', intentId);
    await world.service.stop();
    await world.owner.query('delete from offsets');
    await world.start('audit-1');
    const first = world.service;
    await world.start('audit-2');
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
    const placed = ['leaves', 'pending_leaves'].map(
      (table) => `select p.* from ${table}, unnest(topics, partitions, offsets, appended_at) p`,
    );
    const { rows: twice } = await world.owner.query(
      `select topic, partition, "offset", count(*) from (${placed.join(' union all ')}) p (topic, partition, "offset", at) group by 1, 2, 3 having count(*) > 1`,
    );
    expect(twice).toEqual([]);
    await first.stop();
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
        const told = log.filter(({ headers }) => headers['ce_type'] === 'countersign.audit.heartbeat.v1');
        return told.length >= 3 && told;
      },
      { what: 'three heartbeats' },
    );
    const data = beats.map(
      ({ value }) => JSON.parse(value!.toString()) as Record<'ingestedThrough' | 'at' | 'instance', string>,
    );
    expect(data.every(({ ingestedThrough, at }) => ingestedThrough <= at)).toBe(true);
    expect(beats.every(({ headers }) => headers['ce_signature'])).toBe(true);
    await world.waitFor(3, "topic = 'audit' and signature = 'valid'");
    for (const ofOne of Map.groupBy(data, ({ instance }) => instance).values()) {
      const through = ofOne.map(({ ingestedThrough }) => ingestedThrough);
      expect(through).toEqual([...through].sort());
    }
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
    const noticed = await until(
      async () => {
        const { ready, notices } = (await (await fetch(`${world.service.url}/readyz`)).json()) as Record<
          string,
          unknown
        >;
        return ready === true && notices;
      },
      { what: 'a ready service' },
    );
    expect(noticed).toEqual([
      expect.stringMatching(/^offsets 0 to 0 of control-acks\/0 were never delivered \(noticed 20/),
    ]);
  });

  it('cannot change, remove or, but in somebody’s name, read what it stored', async () => {
    const { rows } = await world.owner.query<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'audit'::regnamespace and relispartition and relkind = 'r'`,
    );
    expect(rows.length).toBeGreaterThan(7);
    const partitions = ['records_default', rows.find(({ name }) => name !== 'records_default')!.name];
    const written = ['records', 'leaves', 'tiles', 'checkpoints', 'archives', ...partitions];
    const statements = [
      'select * from records',
      'select * from records_default',
      'insert into archives (tenant) values (1)',
      ...written.flatMap((table) => [
        `delete from ${table}`,
        `truncate ${table}`,
        `update ${table} set tenant = 'globex'`,
        `drop table ${table}`,
        `alter table ${table} disable row level security`,
        `alter table ${table} rename to gone`,
        `create policy mine on ${table} using (true)`,
      ]),
      ...partitions.map((name) => `alter table records detach partition ${name}`),
      'drop schema audit cascade',
    ];
    const done = [];
    for (const statement of statements) {
      const refused = await asService(statement).then(
        () => undefined,
        (error: Error) => error.message,
      );
      if (!/permission denied|must be owner/.test(refused ?? '')) done.push([statement, refused]);
    }
    expect(done).toEqual([]);
  });

  const asService = async (statement: string) => {
    service ??= new pg.Pool({ connectionString: world.database.serviceUrl, max: 1 });
    return (await service.query<Record<string, unknown>>(statement)).rows;
  };
});

describe('row-level security of the trace store', () => {
  let world: AuditWorld;
  let source: DataSource;
  beforeAll(async () => {
    world = await AuditWorld.open();
    source = await new DataSource({ type: 'postgres', url: world.database.serviceUrl }).initialize();
    const row = (offset: number, tenant: string, claimed: string) =>
      `('intents', 0, ${offset}, now(), 'k', '${tenant}', '${claimed}', '{}', '{}', '{}', 'not-required')`;
    await world.owner.query(
      `insert into records (topic, partition, "offset", appended_at, key, tenant, claimed_tenant, rules, about, headers, signature)
       values ${[
         row(9000, 'acme', 'acme'),
         row(9001, 'globex', 'globex'),
         row(9002, 'unverified', 'acme'),
         row(9003, 'unverified', 'globex'),
         row(9004, 'unverified', ''),
         row(9005, 'system', 'system'),
       ].join(', ')}`,
    );
  });
  afterAll(async () => {
    await source.destroy();
    await world.close();
  });

  const seenBy = (tenant: string) =>
    readAs(source, tenant, async (rows) => {
      const found = await rows.query<{ offset: string }[]>(
        'select "offset" from records where "offset" >= 9000 order by "offset"',
      );
      return found.map(({ offset }) => Number(offset));
    });

  it('shows a question that names no tenant the rows of the caller’s, and of nobody’s none', async () => {
    expect(await seenBy('acme')).toEqual([9000, 9002]);
    expect(await seenBy('globex')).toEqual([9001, 9003]);
    for (const nobodys of ['', 'unverified', 'system', 'other', '%']) expect(await seenBy(nobodys)).toEqual([]);
  });

  it('shows nothing to the reading role when no transaction has said in whose name it asks', async () => {
    const client = new pg.Client({ connectionString: world.database.serviceUrl });
    await client.connect();
    await client.query(`set role "${readerOf(new URL(world.database.serviceUrl).username)}"`);
    expect((await client.query('select * from records')).rows).toEqual([]);
    await client.query("begin; set local countersign.tenant = 'acme'; commit");
    expect((await client.query('select * from records')).rows).toEqual([]);
    for (const table of ['progress', 'gaps', 'offsets', 'outbox', 'state', 'work', 'work_late', 'parked'])
      await expect(client.query(`select * from ${table}`)).rejects.toThrow(/permission denied/);
    await client.end();
  });

  it('lets a question write nothing', async () => {
    const write = readAs(source, 'acme', (rows) => rows.query('create temporary table t (a int)'));
    await expect(write).rejects.toThrow(/read-only transaction/);
  });

  it('is on for every table and partition there is, those made later too', async () => {
    await source.query('select ensure_partitions(30)');
    expect(await gapsInWall(world.database, 'audit', { migrations: 'names of migrations, nobody’s data' })).toEqual([]);
    await world.owner.query('create table forgotten (tenant text)');
    expect(await gapsInWall(world.database, 'audit', { migrations: '' })).toEqual(['forgotten: row security is off']);
    await world.owner.query('drop table forgotten');
  });
});

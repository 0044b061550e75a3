import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { KnownCheckpoints, readExport, verifyExport, verifyProof, type Proof } from '@countersign/evidence';
import { readAs } from '@countersign/migrations';
import { until } from '@countersign/testing';
import { DataSource } from 'typeorm';
import { AuditWorld } from '../audit-world.fixture.js';
import type { StoreVerdict } from './evidence.js';

interface Got<T> {
  status: number;
  body: T;
}

describe('the tree of a tenant’s records', () => {
  let world: AuditWorld;
  let audra: string;
  const verify = async () => (await (world.get('/v1/audit/verify', audra) as Promise<Got<StoreVerdict>>)).body;
  const kinds = ({ findings }: StoreVerdict) => [...new Set(findings.map(({ kind }) => kind))];
  const exported = async (token: string) => {
    const response = await fetch(`${world.service.url}/v1/audit/export`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return { status: response.status, text: await response.text() };
  };
  const check = (text: string) =>
    verifyExport(readExport(Readable.from([Buffer.from(text)])), { keys: [world.auditKey] });
  const allSigned = () =>
    until(
      async () => {
        const { rows } = await world.owner.query<{ done: boolean }>(
          `select (select count(*) from records) > 0 and not exists (select from pending_leaves where tenant = 'acme') and
             (select size from trees where tenant = 'acme') = (select max(size) from checkpoints where tenant = 'acme') and
             (select size = published from trees where tenant = 'acme') as done`,
        );
        return rows[0]!.done;
      },
      { what: 'everything signed' },
    );
  beforeAll(async () => {
    world = await AuditWorld.open();
    audra = await world.token('audra', 'acme', 'auditor');
    for (const shape of ['approved by a person', 'denied by rule', 'a dry run']) {
      const { records, intentId } = await world.publish(shape, shape.replaceAll(' ', '-'));
      await world.waitFor(records.length, 'intent = $1', intentId);
    }
    await allSigned();
  });
  afterAll(() => world.close());

  it('holds each of them once, signed', async () => {
    const stored = await world.stored(`tenant = 'acme'`);
    expect(stored.length).toBeGreaterThan(10);
    expect(await verify()).toMatchObject({
      ok: true,
      size: stored.length,
      checked: { from: 0, to: stored.length },
      findings: [],
      next: null,
    });
  });

  it('is a file that stands for itself, of one tenant alone', async () => {
    const { text } = await exported(audra);
    const verdict = await check(text);
    expect(verdict).toMatchObject({ ok: true, sections: [{ tenant: 'acme' }] });
    expect(verdict.rows).toBe((await world.stored(`tenant = 'acme'`)).length);
    const other = await exported(await world.token('gina', 'globex', 'auditor'));
    expect(await check(other.text)).toMatchObject({ ok: true, rows: 0, sections: [{ tenant: 'globex' }] });
    expect((await exported(await world.token('bob', 'acme', 'support-lead'))).status).toBe(403);
    expect((await world.get('/v1/audit/export?tenant=globex', audra)).status).toBe(404);
  });

  it('is found again, as it was signed, on the topic', async () => {
    const known = new KnownCheckpoints([world.auditKey]);
    const rows = await world.waitFor(1, `topic = 'audit' and type = 'countersign.audit.checkpoint.v1'`);
    for (const { value } of rows)
      for (const { note } of (JSON.parse(value as string) as { checkpoints: { note: string }[] }).checkpoints)
        known.add(note);
    const { text } = await exported(audra);
    expect(
      await verifyExport(readExport(Readable.from([Buffer.from(text)])), { keys: [world.auditKey], known }),
    ).toMatchObject({ ok: true });
    expect(known.findings).toEqual([]);
  });

  it('proves a single event', async () => {
    const [row] = await world.stored(`tenant = 'acme' and type = 'countersign.action.committed.v1'`);
    const { body } = (await world.get(`/v1/audit/proofs/${row!['id'] as string}`, audra)) as Got<Proof>;
    expect(verifyProof(body, [world.auditKey])).toMatchObject({ size: body.size });
    expect(verifyProof({ ...body, record: { ...body.record, outcome: 'failed' } }, [world.auditKey])).toBeUndefined();
    expect(verifyProof({ ...body, index: body.index + 1 }, [world.auditKey])).toBeUndefined();
    const gina = await world.token('gina', 'globex', 'auditor');
    expect((await world.get(`/v1/audit/proofs/${row!['id'] as string}`, gina)).status).toBe(404);
  });

  it('takes in what the service stores, and the service can change none of it', async () => {
    const { default: pg } = await import('pg');
    const service = new pg.Client({ connectionString: world.database.serviceUrl });
    await service.connect();
    for (const table of ['leaves', 'tiles', 'checkpoints', 'records'])
      for (const statement of [`delete from ${table}`, `update ${table} set tenant = 'x'`, `truncate ${table}`])
        await expect(service.query(statement)).rejects.toThrow(/permission denied/);
    await service.end();
  });

  describe('shows what was done to the tables by whoever owns them', () => {
    const changes: [string, string, string[]][] = [
      ...[
        'key',
        'id',
        'type',
        'source',
        'subject',
        'claimed_tenant',
        'actor',
        'session',
        'intent',
        'action',
        'causation',
        'trace_id',
        'tool',
        'code',
        'audit_code',
        'outcome',
        'value',
        'headers',
        'flaw',
        'poison_reason',
        'poison_detail',
      ].map((column): [string, string, string[]] => [
        column,
        `update records set ${column} = coalesce(${column}, '') || '.' where ctid = (select ctid from records where tenant = 'acme' order by "offset" limit 1)`,
        ['changed'],
      ]),
      [
        'rules',
        `update records set rules = array_append(rules, '') where tenant = 'acme' and topic = 'decisions'`,
        ['changed'],
      ],
      ['about', `update records set about = '{}' where tenant = 'acme' and about <> '{}'`, ['changed']],
      ['signature', `update records set signature = 'absent' where tenant = 'acme' and topic = 'results'`, ['changed']],
      ['tenant', `update records set tenant = 'globex' where tenant = 'acme' and topic = 'results'`, ['deleted']],
      [
        'a microsecond',
        `update records set appended_at = appended_at + interval '1 microsecond' where tenant = 'acme' and topic = 'replies'`,
        ['deleted', 'inserted'],
      ],
      [
        'offset',
        `update records set "offset" = "offset" + 70000 where tenant = 'acme' and topic = 'replies'`,
        ['deleted', 'inserted'],
      ],
      [
        'partition',
        `update records set partition = partition + 100 where tenant = 'acme' and topic = 'replies'`,
        ['deleted', 'inserted'],
      ],
      [
        'topic',
        `update records set topic = 'control' where tenant = 'acme' and topic = 'replies'`,
        ['deleted', 'inserted'],
      ],
      ['a row gone', `delete from records where tenant = 'acme' and topic = 'results'`, ['deleted']],
      [
        'a row more',
        `insert into records select (jsonb_populate_record(r, '{"offset": 80000}')).* from records r where tenant = 'acme' and topic = 'replies'`,
        ['inserted'],
      ],
      [
        'a leaf',
        `update leaves set leaves = set_byte(leaves, 3, get_byte(leaves, 3) # 1) where tenant = 'acme'`,
        ['changed', 'rewritten'],
      ],
      [
        'a leaf’s place',
        `update leaves set offsets[1] = offsets[1] + 1 where tenant = 'acme'`,
        ['deleted', 'inserted'],
      ],
      [
        'leaves',
        `delete from leaves where tenant = 'acme' and "first" = (select max("first") from leaves where tenant = 'acme')`,
        ['deleted', 'inserted'],
      ],
      [
        'a checkpoint’s root',
        `update checkpoints set note = replace(note, 'A', 'B') where tenant = 'acme'`,
        ['unsigned'],
      ],
      [
        'a row gone that the owner says is in a file',
        `with gone as (delete from records where tenant = 'acme' and topic = 'results')
           insert into archives (tenant, file, day, indexes, rows, sha256) values ('acme', 'made/up.ndjson.gz', now(), '{[0,1000000)}', 0, 'x')`,
        ['deleted', 'unsigned'],
      ],
      [
        'the end',
        `delete from checkpoints where tenant = 'acme' and size = (select max(size) from checkpoints where tenant = 'acme')`,
        ['truncated'],
      ],
    ];

    it.each(changes)('%s', async (_, statement, named) => {
      const tables = ['records', 'leaves', 'checkpoints', 'archives'];
      for (const table of tables)
        await world.owner.query(`create table kept_${table} as select * from ${table} where tenant = 'acme'`);
      const { rowCount } = await world.owner.query(statement);
      const verdict = await verify();
      for (const table of tables) {
        await world.owner.query(`delete from ${table} where tenant = 'acme' or tenant = 'globex'`);
        await world.owner.query(`insert into ${table} select * from kept_${table}`);
        await world.owner.query(`drop table kept_${table}`);
      }
      expect({
        rowCount: rowCount! > 0,
        ok: verdict.ok,
        kinds: kinds(verdict)
          .filter((kind) => named.includes(kind))
          .sort(),
      }).toEqual({
        rowCount: true,
        ok: false,
        kinds: named.sort(),
      });
      expect(await verify()).toMatchObject({ ok: true });
    });
  });

  it('shows a record more in whichever stretch it came, though another is gone', async () => {
    await world.owner.query(
      `create table kept as select * from records where tenant = 'acme' and topic in ('intents', 'decisions')`,
    );
    const first = `(select ctid from records where tenant = 'acme' and topic = 'decisions' order by appended_at`;
    await world.owner.query(
      `insert into records select (jsonb_populate_record(r, '{"offset": 80000}')).* from records r where ctid = ${first} limit 1)`,
    );
    await world.owner.query(`delete from records where ctid = ${first} desc limit 1)`);
    const findings = [];
    for (let from: number | null = 0; from !== null;) {
      const path = `/v1/audit/verify?limit=2&from=${from}`;
      const { body } = (await world.get(path, audra)) as Got<StoreVerdict>;
      findings.push(...body.findings.map(({ kind, says }) => (kind === 'inserted' ? says : kind)));
      from = body.next;
    }
    await world.owner.query(`delete from records where tenant = 'acme' and topic in ('intents', 'decisions')`);
    await world.owner.query('insert into records select * from kept; drop table kept');
    expect([...new Set(findings)].sort()).toEqual(['deleted', expect.stringContaining('@80000 has no place')]);
    expect(await verify()).toMatchObject({ ok: true });
  });

  it('takes in what was passed over and comes after all', async () => {
    await world.owner.query(`update progress set next = next + 1000 where topic = 'replies'`);
    const { records, intentId } = await world.publish('a dry run', 'passed-over');
    await world.waitFor(records.length, 'intent = $1', intentId);
    await allSigned();
    expect(await verify()).toMatchObject({ ok: true, findings: [] });
    await world.owner.query(`update progress set next = next - 999 where topic = 'replies'`);
  });

  it('is asked by people for no longer than the limit', async () => {
    const url = new URL(world.database.serviceUrl);
    url.searchParams.set('options', '-c countersign.read_timeout=50ms');
    const source = await new DataSource({ type: 'postgres', url: url.href }).initialize();
    const asked = readAs(source, 'acme', (rows) => rows.query('select pg_sleep(20)'));
    await expect(asked).rejects.toMatchObject({ code: '57014' });
    await source.destroy();
    const words = Array.from({ length: 17 }, (_, n) => `w${n}`);
    for (const count of [16, 17])
      expect((await world.get(`/v1/traces?text=${words.slice(0, count).join('+')}`, audra)).status).toBe(
        count > 16 ? 422 : 200,
      );
  });

  it('is signed no more once it is not what was signed, nor after a restart', async () => {
    const refuses = (because: string) =>
      until(async () => JSON.stringify((await world.get('/readyz', audra)).body).includes(because), {
        what: `not ready, ${because}`,
      });
    const flip = `update trees set frontier = set_byte(frontier, 0, get_byte(frontier, 0) # 1) where tenant = 'acme'`;
    await world.service.stop();
    await world.owner.query(flip);
    await world.start();
    await world.publish('a dry run', 'later');
    await refuses('the tree of acme is not what its');
    await world.service.stop();
    // Cut back until it is whole in itself: what stands on the topic says that there was more.
    await world.owner.query(
      ['trees', 'leaves', 'tiles', 'checkpoints']
        .map((table) => `delete from ${table} where tenant = 'acme'`)
        .join('; '),
    );
    await world.start();
    await refuses('not those that were published');
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { migrateService, readAs, readerOf } from '@countersign/migrations';
import { gapsInWall } from '@countersign/testing';
import * as migrations from './migrations.js';
import type { Escalated } from './state.js';
import { World } from './world.spec-support.js';

let world: World;
let mine: Escalated;
let ids: { acme: string; globex: string };
beforeAll(async () => {
  world = await World.open();
  mine = world.escalated('act_acme');
  const theirs = world.escalated('act_globex', { tenant: 'globex' });
  ids = { acme: await world.open(mine), globex: await world.open(theirs, 'gil') };
});
afterAll(() => world.close());

describe('whose items a person is answered with', () => {
  const decision = { decision: 'reject', actionHash: 'another', reason: 'no' };
  const ABSENT = 'apr_absent';
  /** What each route answers each person about an item of acme's that alice asked for and a support-lead decides. */
  const TABLE = [
    [
      'GET',
      '/v1/approvals/{id}',
      undefined,
      { bob: 200, carol: 200, alice: 200, sam: 404, gil: 404, namesake: 404, nobody: 401 },
    ],
    [
      'POST',
      '/v1/approvals/{id}/decisions',
      decision,
      { bob: 409, carol: 409, alice: 403, sam: 403, gil: 404, namesake: 404, nobody: 401 },
    ],
    [
      'POST',
      '/v1/approvals/{id}/delegate',
      { to: 'alice', reason: 'hers' },
      { bob: 403, carol: 403, alice: 403, sam: 403, gil: 404, namesake: 404, nobody: 401 },
    ],
    [
      'POST',
      '/v1/approvals/{id}/claim',
      { release: true },
      { bob: 200, carol: 200, alice: 403, sam: 403, gil: 404, namesake: 404, nobody: 401 },
    ],
  ] as const;

  it.each(TABLE)('%s %s', async (method, path, body, expected) => {
    const ask = (who: string, id: string) =>
      world.ask(
        who === 'nobody' ? undefined : (who as 'bob'),
        method,
        path.replace('{id}', encodeURIComponent(id)),
        body,
      );
    for (const [who, status] of Object.entries(expected)) {
      const answer = await ask(who, ids.acme);
      expect({ who, status: answer.status }).toEqual({ who, status });
      if (status !== 404) continue;
      // Nothing tells an item of another tenant, or one not meant for them, from one that is not there.
      const absent = await ask(who, ABSENT);
      expect(JSON.stringify(answer).replaceAll(ids.acme, ABSENT)).toBe(JSON.stringify(absent));
    }
    expect((await ask('bob', ids.globex)).status).toBe(404);
    for (const malformed of ['%', "' or 1=1 --", '../../readyz', 'x'.repeat(2000), 'nul\u0000']) {
      expect([404, 414]).toContain((await ask('bob', malformed)).status);
    }
  });

  it('in lists', async () => {
    const listed = async (who: 'alice' | 'bob' | 'sam' | 'gil') =>
      (await world.ask(who, 'GET', '/v1/approvals')).body.data!.map(({ approvalId }) => approvalId);
    expect(await Promise.all((['alice', 'bob', 'sam', 'gil'] as const).map(listed))).toEqual([
      [ids.acme],
      [ids.acme],
      [],
      [ids.globex],
    ]);
  });
});

describe('row-level security of the queue', () => {
  const asService = async (...statements: string[]) => {
    const client = new pg.Client({ connectionString: world.database.serviceUrl });
    await client.connect();
    try {
      let rows: unknown[] = [];
      for (const statement of statements) ({ rows } = await client.query<{ id: string }>(statement));
      return rows;
    } finally {
      await client.end();
    }
  };
  const reader = () => `set role "${readerOf(new URL(world.database.serviceUrl).username)}"`;

  it('shows a question that names no tenant the items of the caller\u2019s', async () => {
    const source = await new DataSource({ type: 'postgres', url: world.database.serviceUrl }).initialize();
    const all = (tenant: string) =>
      readAs(source, tenant, (rows) => rows.query<{ id: string }[]>('select approval_id as id from approvals'));
    expect([await all('acme'), await all('globex'), await all('')]).toEqual([
      [{ id: ids.acme }],
      [{ id: ids.globex }],
      [],
    ]);
    await source.destroy();
  });

  it('shows nothing to the reading role that names nobody, and no item to the service in its own name', async () => {
    expect(await asService(reader(), 'select * from approvals')).toEqual([]);
    await expect(asService(reader(), 'select * from state')).rejects.toThrow(/permission denied/);
    await expect(asService('select item from approvals')).rejects.toThrow(/permission denied/);
    await expect(asService("update approvals set tenant = 'globex'")).rejects.toThrow(/permission denied/);
  });

  it('is on for every table there is, also after the next migration', async () => {
    const except = { migrations: 'names of migrations, nobody\u2019s data' };
    expect(await gapsInWall(world.database, 'approval', except)).toEqual([]);
    const { url: databaseUrl, serviceUrl } = world.database;
    const { password } = new URL(serviceUrl);
    await migrateService({ ...migrations, databaseUrl, service: 'approval', password });
    expect(await gapsInWall(world.database, 'approval', except)).toEqual([]);
    expect((await world.ask('bob', 'GET', `/v1/approvals/${ids.acme}`)).status).toBe(200);
  });
});

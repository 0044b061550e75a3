import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { actionHashOf, digest, withoutBoxes, type JsonObject } from '@countersign/contracts';
import { loadSealingKeys, SealStore } from '@countersign/sealing';
import { type Escalated } from './state.js';
import { until } from '@countersign/testing';
import { World } from './world.spec-support.js';

describe('an item with sealed values', () => {
  const EMAIL = 'planted.dana@example.com';
  let world: World;
  let owner: pg.Pool;
  let token: string;
  let of: Escalated;

  beforeAll(async () => {
    world = await World.open();
    owner = new pg.Pool({ connectionString: world.database.url, max: 1 });
    const sql = {
      query: async <R extends object>(_: string, text: string, values: unknown[]) =>
        (await owner.query(text, values)).rows as R[],
    };
    const store = new SealStore({ sql: () => sql, keys: loadSealingKeys(world.keys.dir) });
    const value = { tenant: 'acme', subject: 'cus_1', value: EMAIL, dataClass: 'personal' } as const;
    const [sealed] = await store.seal([value]);
    token = sealed!.token;
    const effect = { customer: { $sealed: { ...sealed!, class: 'personal' as const } } };
    const preview = { effect, basis: {}, digest: digest(withoutBoxes(effect)) };
    const bare = { ...world.escalated('act_sealed'), arguments: { orderId: 'ord_1002', to: token }, preview };
    of = { ...bare, actionHash: actionHashOf(bare) };
  });
  afterAll(async () => {
    await owner.end();
    await world.close();
  });

  it('is shown with its tokens, and beside them what they stand for, to who may decide it and nobody else', async () => {
    const id = await world.open(of);
    const { body } = await world.ask('bob', 'GET', `/v1/approvals/${id}`);
    expect(body['opened']).toEqual({ [token]: EMAIL });
    expect(body['arguments']).toEqual(of.arguments);
    expect(body['diff']).toEqual([
      { field: 'customer', before: null, after: (of.preview!.effect as JsonObject)['customer'] },
    ]);
    const asked = await world.ask('alice', 'GET', `/v1/approvals/${id}`);
    expect(JSON.stringify(asked.body)).not.toMatch(/planted|tok_/);
  });

  it('is written down as seen, once for each person: which values, and never what they are', async () => {
    const viewed = async () =>
      (await world.said('act_sealed')).flatMap(({ event }) =>
        event.type === 'countersign.approval.viewed.v1' ? [event.data] : [],
      );
    const { body } = await world.ask('bob', 'GET', '/v1/approvals');
    const path = `/v1/approvals/${String(body.data![0]!['approvalId'])}`;
    await world.ask('bob', 'GET', path);
    await world.ask('carol', 'GET', path);
    const opened = [{ token, path: 'arguments.to' }];
    await until(async () => (await viewed()).length > 1, { what: 'two people seen' });
    expect(await viewed()).toEqual([
      expect.objectContaining({ viewer: { sub: 'bob', roles: ['support-lead'] }, opened, revision: of.revision }),
      expect.objectContaining({ viewer: { sub: 'carol', roles: ['support-lead'] }, opened }),
    ]);
  });

  it('is open nowhere else: not in lists, events, what a decision answers, nor in a byte this service has stored', async () => {
    const list = await world.ask('bob', 'GET', '/v1/approvals');
    expect(list.body.data).toHaveLength(1);
    const path = `/v1/approvals/${String(list.body.data![0]!['approvalId'])}`;
    const decided = await world.ask('bob', 'POST', `${path}/decisions`, {
      ...{ decision: 'approve', actionHash: of.actionHash, reason: 'seen' },
    });
    expect(decided.status).toBe(200);
    const after = await world.ask('bob', 'GET', path);
    expect(after.body).not.toHaveProperty('opened');
    const tables = ['state', 'outbox', 'work', 'parked', 'approvals'].map((table) =>
      owner.query(`select row_to_json(t)::text as row from approval.${table} t`),
    );
    const stored = (await Promise.all(tables)).flatMap(({ rows }) => rows as object[]);
    const said = (await world.said('act_sealed')).map(({ event }) => event);
    expect(stored.length).toBeGreaterThan(1);
    expect(said.length).toBeGreaterThan(1);
    expect(JSON.stringify([list.body, decided.body, stored, said])).not.toContain('planted');
  });
});

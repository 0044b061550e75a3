import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { deriveId } from '@countersign/contracts';
import { testDatabase, type TestDatabase } from '@countersign/testing';
import { Filler } from './filled.js';

const [intent, action, other] = [deriveId('int', 'a'), deriveId('act', 'a'), deriveId('int', 'b')];
let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await testDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(`create schema desk;
    create table desk.items (action text primary key, item jsonb not null, about text[] not null);
    create table desk.sessions (session text primary key, open text not null)`);
  const insert = 'insert into desk.items (action, item, about) values ($1, $2, $3)';
  await client.query(insert, [action, { intent, amount: '50.01' }, [intent, 'ord_1']]);
  await client.query(insert, ['act_other', { intent: other }, []]);
  await client.query('insert into desk.sessions values ($1, $2)', ['s-1', intent]);
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

it('a row of an intent is copied so many times, over several statements, and no copy is copied', async () => {
  const filler = await Filler.open(database.url, { atOnce: 10 });
  expect(await filler.copyIntent(intent, 25, ['desk'])).toBe(25);
  await filler.close();
  const { rows } = await client.query<{ action: string; item: { intent: string; amount: string }; about: string[] }>(
    'select action, item, about from desk.items where action like $1 order by length(action), action',
    [`${action}x%`],
  );
  expect(rows).toHaveLength(25);
  expect(rows[0]).toEqual({
    action: `${action}x1`,
    item: { intent: `${intent}x1`, amount: '50.01' },
    about: [`${intent}x1`, 'ord_1'],
  });
  expect(new Set(rows.map(({ item }) => item.intent)).size).toBe(25);
});

it('what stands for others as well is left as it is', async () => {
  const { rows } = await client.query('select session, open from desk.sessions');
  expect(rows).toEqual([{ session: 's-1', open: intent }]);
  expect((await client.query('select from desk.items where item->>$1 = $2', ['intent', other])).rowCount).toBe(1);
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import pg from 'pg';
import type { Json } from '@countersign/contracts';
import { migrateService, migrateShared, roleName } from '@countersign/migrations';
import {
  erasedAmong,
  eraseSubject,
  SealingUnavailable,
  sealOpener,
  SealStore,
  type SealingSql,
  type ToSeal,
} from '@countersign/sealing';
import { sealing } from '@countersign/sealing/migrations';
import { testDatabase, type TestDatabase } from '@countersign/testing';

const password = 'a-password-of-the-test';
const SERVICES = Object.keys(sealing.rights);
const TABLES = ['boxes', 'erased', 'subject_keys', 'tokens'];

describe('the store of sealed values (S: seal-store.ts, M: migrations.ts of libs/sealing)', () => {
  const master = generateKeyPairSync('x25519');
  const keys = { hash: randomBytes(32), master: master.publicKey };
  let database: TestDatabase;
  let owner: pg.Pool;
  const pools = new Map<string, pg.Pool>();
  const statements: string[] = [];

  const sqlOf = (service: string): SealingSql => ({
    query: async <R extends object>(name: string, text: string, values: unknown[]) => {
      statements.push(`${name} ${text} ${JSON.stringify(values)}`);
      return (await pools.get(service)!.query(text, values)).rows as R[];
    },
  });
  const storeOf = (service: string, more: object = {}) => new SealStore({ sql: () => sqlOf(service), keys, ...more });
  const opener = (service = 'executor') => sealOpener(() => sqlOf(service), master.privateKey);
  const given = (value: Json, more: Partial<ToSeal> = {}): ToSeal => ({
    ...{ tenant: 'acme', value, dataClass: 'personal', subject: 'cus_1' },
    ...more,
  });
  const tokenOf = async (of: ToSeal, store = storeOf('executor')) => (await store.seal([of]))[0]!.token;

  beforeAll(async () => {
    database = await testDatabase();
    owner = new pg.Pool({ connectionString: database.url, max: 4 });
    for (const service of SERVICES) {
      await migrateService({ databaseUrl: database.url, service, password, migrations: [] });
      const url = new URL(database.url);
      url.username = roleName(database.name, service);
      url.password = password;
      pools.set(service, new pg.Pool({ connectionString: url.href, max: 4 }));
    }
    expect(await migrateShared(database.url, sealing)).toEqual(['SealingStore1700000005000', 'Erasing1700000008000']);
    expect(await migrateShared(database.url, sealing)).toEqual([]);
  });
  afterAll(async () => {
    for (const pool of [owner, ...pools.values()]) await pool.end();
    await database.drop();
    for (const service of SERVICES) await database.dropRole(roleName(database.name, service));
  });

  it('gives a value of a tenant one token whichever service seals it, and another tenant another (S1)', async () => {
    const token = await tokenOf(given('dana@example.com'));
    expect(await tokenOf(given('dana@example.com', { subject: 'int_1' }), storeOf('policy'))).toBe(token);
    expect(await tokenOf(given('dana@example.com', { tenant: 'globex' }))).not.toBe(token);
    expect(await tokenOf(given('other@example.com'))).not.toBe(token);
  });

  it.each<[string, Json]>([
    ['a text', 'Zoë \u{1f600} "quoted" \\ \n'],
    ['a number', 12.5],
    ['a list', ['a', null, { b: true }]],
    ['an object', { iban: 'DE89370400440532013000', holder: { name: 'Dana' } }],
  ])('opens what was sealed: %s', async (_, value) => {
    const token = await tokenOf(given(value));
    expect(await opener().open('acme', [token, 'tok_unknown', token])).toEqual(new Map([[token, value]]));
    expect(await opener('approval').open('acme', [token])).toEqual(new Map([[token, value]]));
    expect(await opener().open('globex', [token])).toEqual(new Map());
  });

  it('many at once, by several processes: each value has one token, and all of them open (S1, S3)', async () => {
    const values = Array.from({ length: 40 }, (_, at) => given(`value ${at % 20}`, { subject: `cus_r${at % 7}` }));
    const sealed = await Promise.all(['executor', 'policy', 'executor'].map((one) => storeOf(one).seal(values)));
    const [tokens, ...others] = sealed.map((of) => of.map(({ token }) => token));
    for (const other of others) expect(other).toEqual(tokens);
    const opened = await opener().open('acme', tokens!);
    expect(tokens!.map((token) => opened.get(token))).toEqual(values.map(({ value }) => value));
  });

  it.each([
    ['with the keys of a subject', 'their value', 'our value', 'cus_slow_1', []],
    ['with a value and its subject', 'one value', 'one value', 'cus_slow_2', []],
    [
      'with a value of another subject',
      'a value',
      'a value',
      'cus_slow_3',
      [given('before', { subject: 'cus_slow_3' })],
    ],
  ])('who was slower %s seals under what stands (S1)', async (what, theirs, ours, subject, before) => {
    const others = storeOf('policy');
    await others.seal(before);
    const theirSubject = what.endsWith('another subject') ? 'cus_slow_4' : subject;
    const sql: SealingSql = {
      query: async (name, text, values) => {
        if (name === 'keep-sealed') await others.seal([given(theirs, { subject: theirSubject })]);
        return sqlOf('executor').query(name, text, values);
      },
    };
    const [sealed] = await new SealStore({ sql: () => sql, keys }).seal([given(ours, { subject })]);
    expect((await opener().open('acme', [sealed!.token])).get(sealed!.token)).toBe(ours);
    const { rows } = await owner.query('select from sealing.subject_keys where subject = $1', [subject]);
    expect(rows).toHaveLength(1);
  });

  it('asks nothing for what it knows, and once for all that comes while a question is under way (S3)', async () => {
    let now = 0;
    const store = storeOf('executor', { now: () => now });
    statements.length = 0;
    const one = store.seal([given('s3 a')]);
    const others = ['b', 'c', 'd'].map((letter) => store.seal([given(`s3 ${letter}`)]));
    await Promise.all([one, ...others]);
    expect(statements.map((text) => text.split(' ')[0])).toEqual([
      'find-sealed',
      'keep-sealed',
      'find-sealed',
      'keep-sealed',
    ]);
    await store.seal([given('s3 a'), given('s3 d')]);
    expect(statements).toHaveLength(4);
    now = 60_001;
    await store.seal([given('s3 a')]);
    expect(statements.map((text) => text.split(' ')[0]).slice(4)).toEqual(['find-sealed']);
  });

  it('sends no value in the clear and holds none; a dump without the key file opens nothing (S2, M2)', async () => {
    statements.length = 0;
    const secret = 'planted-secret-4711';
    const token = await tokenOf(given({ secret }, { subject: 'cus_dump' }));
    expect(statements.join('\n')).not.toContain('planted');
    const dump = await Promise.all(TABLES.map((table) => owner.query(`select * from sealing.${table}`)));
    const text = JSON.stringify(dump.map(({ rows }) => rows as object[]));
    expect(text).toContain(token);
    expect(text).not.toContain('planted');
    expect(text).not.toContain(Buffer.from(secret).toString('base64url').slice(2, 20));
    const stranger = generateKeyPairSync('x25519').privateKey;
    await expect(sealOpener(() => sqlOf('executor'), stranger).open('acme', [token])).rejects.toThrow();
  });

  it('a box does not open in the place of another (M2)', async () => {
    const [mine, theirs] = [await tokenOf(given('mine')), await tokenOf(given('theirs'))];
    const from = '(select box from sealing.boxes where token = $2)';
    await owner.query(`update sealing.boxes set box = ${from} where token = $1`, [mine, theirs]);
    await expect(opener().open('acme', [mine])).rejects.toThrow();
  });

  const erase = (subject: string, tenant = 'acme') => eraseSubject(sqlOf('audit'), tenant, subject);
  const opens = async (...tokens: string[]) => Object.fromEntries(await opener('audit').open('acme', tokens));

  it('erasing a subject closes what was sealed for it, and nothing else; it may be sealed anew (M3, S5)', async () => {
    let now = 0;
    const store = storeOf('executor', { now: () => now });
    const [gone, shared] = await Promise.all(
      ['gone', 'Anna'].map((value) => tokenOf(given(value, { subject: 'cus_7' }), store)),
    );
    expect(await tokenOf(given('Anna', { subject: 'cus_8' }))).toBe(shared);
    expect(await erase('cus_7', 'globex')).toEqual({ keys: 0, values: 0 });
    expect(await erase('cus_7')).toEqual({ keys: 1, values: 2 });
    expect(await opens(gone!, shared!)).toEqual({ [shared!]: 'Anna' });
    expect(await erasedAmong(sqlOf('audit'), 'acme', [gone!, shared!, 'tok_x'])).toEqual(new Set([gone]));
    expect(await erase('cus_7')).toEqual({ keys: 0, values: 0 });
    expect(await tokenOf(given('gone', { subject: 'cus_7' }), store)).toBe(gone);
    now = 60_001;
    const anew = await tokenOf(given('gone', { subject: 'cus_7' }), store);
    expect(anew).not.toBe(gone);
    expect(await opens(gone!, anew)).toEqual({ [anew]: 'gone' });
  });

  it('with a subject goes what anybody said of its values, and what was said about it or by it (M3)', async () => {
    const said = { said: true } as const;
    const [record, mentioned, about, others] = [
      given('dana@nine.example', { subject: 'cus_9' }),
      given('dana@nine.example', { subject: 'cus_10', ...said }),
      given('of nine', { subject: 'cus_9', ...said }),
      given('of ten', { subject: 'cus_10', ...said }),
    ];
    const tokens = (await storeOf('policy').seal([record, mentioned, about, others])).map(({ token }) => token);
    expect(tokens[0]).toBe(tokens[1]);
    expect(await erase('cus_9')).toEqual({ keys: 2, values: 2 });
    expect(await opens(...tokens)).toEqual({ [tokens[3]!]: 'of ten' });
    await storeOf('policy').seal([mentioned]);
    expect(await opens(tokens[0]!)).toEqual({});
  });

  it('who seals while a subject is erased gives no token that was: the new one opens, the old never again (S5, M3)', async () => {
    const old = await tokenOf(given('raced', { subject: 'cus_raced' }));
    const sql: SealingSql = {
      query: async (name, text, values) => {
        const rows = await sqlOf('executor').query<never>(name, text, values);
        if (name === 'find-sealed') await erase('cus_raced');
        return rows;
      },
    };
    const value = given('raced', { subject: 'cus_other' });
    const anew = (await new SealStore({ sql: () => sql, keys }).seal([value]))[0]!.token;
    expect(anew).not.toBe(old);
    expect(await opens(old, anew)).toEqual({ [anew]: 'raced' });
    const { rows } = await owner.query('select from sealing.tokens where token = $1', [old]);
    expect(rows).toEqual([]);
  });

  it('nothing of an erased value is left in the store: no key, no box, no hash (M3)', async () => {
    const token = await tokenOf(given('to be forgotten', { subject: 'cus_11' }));
    const before = await owner.query<{ hash: string }>('select hash from sealing.tokens where token = $1', [token]);
    await erase('cus_11');
    const dump = await Promise.all(TABLES.map((table) => owner.query(`select * from sealing.${table}`)));
    const text = JSON.stringify(dump.map(({ rows }) => rows as object[]));
    expect(text).not.toContain(before.rows[0]!.hash);
    expect(text).not.toContain('cus_11');
    expect(text.split(token)).toHaveLength(2);
  });

  it('a value too long to travel has a token, no box, and is opened by nobody', async () => {
    const [sealed] = await storeOf('executor').seal([given('x'.repeat(12_001))]);
    expect(sealed).toEqual({ token: expect.stringMatching(/^tok_[0-9a-f]{32}$/) });
    expect(await opener().open('acme', [sealed!.token])).toEqual(new Map());
  });

  it('a subject may be named anything', async () => {
    const token = await tokenOf(given('odd', { subject: `a\u0000'b"${'x'.repeat(500)}\ud800` }));
    expect((await opener().open('acme', [token])).get(token)).toBe('odd');
  });

  it('who has no right to a function gets nothing, sealed or opened (M1)', async () => {
    const token = await tokenOf(given('dana@example.com'));
    for (const service of ['policy', 'planner', 'gateway'])
      await expect(opener(service).open('acme', [token])).rejects.toThrow(SealingUnavailable);
    for (const service of ['approval', 'planner', 'gateway', 'audit'])
      await expect(tokenOf(given('dana@example.com'), storeOf(service))).rejects.toThrow(SealingUnavailable);
    for (const service of SERVICES.filter((name) => name !== 'audit'))
      await expect(eraseSubject(sqlOf(service), 'acme', 'cus_1')).rejects.toThrow(SealingUnavailable);
  });

  it('the catalogue shows no right on a table, and on functions those of the list alone (M1)', async () => {
    for (const service of SERVICES) {
      const role = roleName(database.name, service);
      const tables = await owner.query(
        `select relname from pg_class where relnamespace = 'sealing'::regnamespace and relkind = 'r'
            and has_table_privilege($1, oid, 'select, insert, update, delete, truncate, references, trigger')`,
        [role],
      );
      expect(tables.rows).toEqual([]);
      const functions = await owner.query<{ name: string }>(
        `select format('%s(%s)', proname, pg_get_function_identity_arguments(oid)) as name
           from pg_proc where pronamespace = 'sealing'::regnamespace and has_schema_privilege($1, 'sealing', 'usage')
            and has_function_privilege($1, oid, 'execute') order by proname`,
        [role],
      );
      const named = functions.rows.map(({ name }) => name.split('(')[0]);
      expect([service, named]).toEqual([service, sealing.rights[service]!.map((name) => name.split('(')[0]).sort()]);
    }
    const { rows } = await owner.query<{ relname: string }>(
      `select relname from pg_class where relnamespace = 'sealing'::regnamespace and relkind = 'r' order by 1`,
    );
    expect(rows.map(({ relname }) => relname)).toEqual(['boxes', 'erased', 'migrations', 'subject_keys', 'tokens']);
    const { rows: loose } = await owner.query(
      `select proname from pg_proc where pronamespace = 'sealing'::regnamespace
          and (not prosecdef or not exists (select from unnest(proconfig) c where c like 'search_path=sealing, pg_temp'))`,
    );
    expect(loose).toEqual([]);
  });

  it('a right that is not named any more is gone after the next run (M1)', async () => {
    const rights = { ...sealing.rights, approval: [] };
    await migrateShared(database.url, { ...sealing, rights });
    await expect(opener('approval').open('acme', ['tok_x'])).rejects.toThrow(SealingUnavailable);
    await migrateShared(database.url, sealing);
    expect(await opener('approval').open('acme', ['tok_x'])).toEqual(new Map());
  });

  it('throws while the store cannot be reached, and seals once it can (S4)', async () => {
    let isUp = false;
    const sql: SealingSql = {
      query: (name, text, values) =>
        isUp ? sqlOf('executor').query(name, text, values) : Promise.reject(new Error('down')),
    };
    const store = new SealStore({ sql: () => sql, keys });
    await expect(store.seal([given('s4')])).rejects.toThrow(SealingUnavailable);
    isUp = true;
    const [sealed] = await store.seal([given('s4')]);
    expect((await opener().open('acme', [sealed!.token])).get(sealed!.token)).toBe('s4');
  });
});

/*
 * The store of sealed values, the one schema that services share. What it guarantees:
 * 1. Nobody but its owner touches a table. A service calls the functions `rights` names for it, and no others.
 * 2. It holds no value in the clear and no key that opens one: only boxes, keyed hashes, and private keys boxed to a key that
 *    stands outside the database.
 * 3. A box is kept only under its subject's present key, and goes with it. To erase a data subject is to delete its keys, and every box
 *    of its values in what somebody said; a token that then has none is never given again, so that no later box opens what was
 *    published before. Every token and digest that was published stays as it is. A value that a record of another subject has too
 *    stays open for that one.
 */
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { SAID } from './subjects.js';

const TABLES = `
  create table tokens (
    tenant text not null,
    hash text not null,
    token text not null,
    primary key (tenant, hash),
    unique (tenant, token)
  );
  create table subject_keys (
    tenant text not null,
    subject text not null,
    public_key text not null,
    private_key text not null,
    made_at timestamptz not null default now(),
    primary key (tenant, subject)
  );
  create table boxes (
    tenant text not null,
    token text not null,
    subject text not null,
    class text not null check (class in ('personal', 'financial', 'secret')),
    box text not null,
    primary key (tenant, token, subject),
    foreign key (tenant, token) references tokens (tenant, token) on delete cascade,
    foreign key (tenant, subject) references subject_keys on delete cascade
  );
  create index boxes_of_subject on boxes (tenant, subject);`;

const FIND = `
  create function find(wanted jsonb) returns table (id text, token text, box text, public_key text)
  language sql stable security definer set search_path = sealing, pg_temp as $$
    select w.id, t.token, b.box, k.public_key
      from jsonb_to_recordset(wanted) as w (id text, tenant text, hash text, subject text)
      left join tokens t on t.tenant = w.tenant and t.hash = w.hash
      left join subject_keys k on k.tenant = w.tenant and k.subject = w.subject
      left join boxes b on b.tenant = w.tenant and b.token = t.token and b.subject = w.subject
  $$`;

// Rows in one order for every process: another order would deadlock. What another process was quicker with is what is answered,
// and a box that no longer fits token or key is dropped: who asked asks again.
const KEEP = `
  create function keep(made jsonb) returns table (id text, token text, box text)
  language plpgsql volatile security definer set search_path = sealing, pg_temp as $$
  #variable_conflict use_column
  begin
    insert into tokens (tenant, hash, token)
      select distinct on (m.tenant, m.hash) m.tenant, m.hash, m.token
        from jsonb_to_recordset(made) as m (tenant text, hash text, token text)
       order by m.tenant, m.hash
      on conflict do nothing;
    insert into subject_keys (tenant, subject, public_key, private_key)
      select distinct on (m.tenant, m.subject) m.tenant, m.subject, m.public_key, m.private_key
        from jsonb_to_recordset(made) as m (tenant text, subject text, public_key text, private_key text)
       where m.private_key is not null
       order by m.tenant, m.subject
      on conflict do nothing;
    insert into boxes (tenant, token, subject, class, box)
      select m.tenant, m.token, m.subject, m.class, m.box
        from jsonb_to_recordset(made)
          as m (tenant text, hash text, token text, subject text, public_key text, class text, box text)
        join tokens t on t.tenant = m.tenant and t.hash = m.hash and t.token = m.token
        join subject_keys k on k.tenant = m.tenant and k.subject = m.subject and k.public_key = m.public_key
       order by m.tenant, m.token, m.subject
         for key share of k
      on conflict do nothing;
    return query
      select m.id, t.token, b.box
        from jsonb_to_recordset(made) as m (id text, tenant text, hash text, subject text)
        join tokens t on t.tenant = m.tenant and t.hash = m.hash
        join boxes b on b.tenant = m.tenant and b.token = t.token and b.subject = m.subject;
  end $$`;

/** One row a token, whichever of its data subjects is still known. */
const OPEN = `
  create function open(of_tenant text, wanted text[])
  returns table (token text, subject text, box text, public_key text, private_key text)
  language sql stable security definer set search_path = sealing, pg_temp as $$
    select distinct on (b.token) b.token, b.subject, b.box, k.public_key, k.private_key
      from boxes b join subject_keys k on k.tenant = b.tenant and k.subject = b.subject
     where b.tenant = of_tenant and b.token = any (wanted) and b.box <> ''
     order by b.token, b.subject
  $$`;

const ERASED = `create table erased (tenant text not null, token text not null, primary key (tenant, token))`;

/** As before, but for tokens that were erased, and it waits for an erasure that is under way. */
const KEEP_UNERASED = KEEP.replace('create function', 'create or replace function')
  .replace(
    'order by m.tenant, m.hash',
    `where not exists (select from erased e where e.tenant = m.tenant and e.token = m.token)
       order by m.tenant, m.hash`,
  )
  .replace('for key share of k', 'for key share of t, k');

const ERASE = `
  create function erase(of_tenant text, of_subject text) returns table (keys bigint, "values" bigint)
  language plpgsql volatile security definer set search_path = sealing, pg_temp as $$
  declare
    places text[] := array[of_subject, '${SAID}' || of_subject];
    theirs text[];
    gone bigint;
  begin
    perform 1 from subject_keys k where k.tenant = of_tenant and k.subject = any (places) order by k.subject for update;
    select coalesce(array_agg(distinct b.token), '{}') into theirs
      from boxes b where b.tenant = of_tenant and b.subject = any (places);
    delete from boxes b where b.tenant = of_tenant and b.token = any (theirs) and starts_with(b.subject, '${SAID}');
    delete from subject_keys k where k.tenant = of_tenant and k.subject = any (places);
    get diagnostics gone = row_count;
    with dead as (
      delete from tokens t where t.tenant = of_tenant and t.token = any (theirs)
         and not exists (select from boxes b where b.tenant = t.tenant and b.token = t.token)
      returning t.tenant, t.token)
    insert into erased select d.tenant, d.token from dead d on conflict do nothing;
    return query select gone, cardinality(theirs)::bigint;
  end $$`;

const GONE = `
  create function gone(of_tenant text, asked text[]) returns table (token text)
  language sql stable security definer set search_path = sealing, pg_temp as $$
    select e.token from erased e where e.tenant = of_tenant and e.token = any (asked)
  $$`;

const FUNCTIONS = { find: 'find(jsonb)', keep: 'keep(jsonb)', open: 'open(text, text[])' };
const ERASING = { erase: 'erase(text, text)', gone: 'gone(text, text[])' };

/** Which functions a service may call. */
const rights: Readonly<Record<string, readonly string[]>> = {
  policy: [FUNCTIONS.find, FUNCTIONS.keep],
  executor: [FUNCTIONS.find, FUNCTIONS.keep, FUNCTIONS.open],
  approval: [FUNCTIONS.open],
  planner: [],
  audit: [FUNCTIONS.open, ERASING.erase, ERASING.gone],
  gateway: [],
};

export class SealingStore1700000005000 implements MigrationInterface {
  name = 'SealingStore1700000005000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [TABLES, FIND, KEEP, OPEN]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop function ${Object.values(FUNCTIONS).join(', ')}`);
    await runner.query('drop table boxes, subject_keys, tokens');
  }
}

export class Erasing1700000008000 implements MigrationInterface {
  name = 'Erasing1700000008000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [ERASED, KEEP_UNERASED, ERASE, GONE]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop function ${Object.values(ERASING).join(', ')}`);
    await runner.query(KEEP.replace('create function', 'create or replace function'));
    await runner.query('drop table erased');
  }
}

/** For `migrateShared`. */
export const sealing = { schema: 'sealing', migrations: [SealingStore1700000005000, Erasing1700000008000], rights };

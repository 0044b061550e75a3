/** The first tables, and the walls that keep the ledger append-only. */
export const schema = `
create table customers (
  tenant text, id text, name text not null, email text not null, phone text, iban text,
  restricted boolean not null default false, merged_into text,
  version int not null default 1, updated_at timestamptz not null, primary key (tenant, id));

create table orders (
  tenant text, id text, customer_id text not null, status text not null, currency char(3) not null,
  total numeric(12,2) not null check (total >= 0), refunded numeric(12,2) not null default 0,
  shipments jsonb not null default '[]', placed_at timestamptz not null,
  version int not null default 1, updated_at timestamptz not null, primary key (tenant, id),
  foreign key (tenant, customer_id) references customers, check (refunded between 0 and total)) with (fillfactor = 70);
create index orders_by_customer on orders (tenant, customer_id);

create table subscriptions (
  tenant text, id text, customer_id text not null, plan text not null, status text not null,
  price numeric(12,2) not null, currency char(3) not null, period_end timestamptz not null,
  version int not null default 1, updated_at timestamptz not null, primary key (tenant, id),
  foreign key (tenant, customer_id) references customers);

create table entitlements (
  tenant text, id text, customer_id text not null, feature text not null, quantity int not null, status text not null,
  valid_until timestamptz, version int not null default 1, updated_at timestamptz not null, primary key (tenant, id),
  foreign key (tenant, customer_id) references customers);

create table members (
  tenant text, sub text, name text not null, email text not null, roles text[] not null, active boolean not null default true,
  version int not null default 1, updated_at timestamptz not null, primary key (tenant, sub));

create sequence ticket_numbers;
create table tickets (
  tenant text, id text, customer_id text, order_id text, subject text not null, body text not null,
  status text not null default 'open', version int not null default 1, updated_at timestamptz not null,
  primary key (tenant, id), foreign key (tenant, customer_id) references customers, foreign key (tenant, order_id) references orders);

create sequence refund_numbers;
create table refunds (
  tenant text, id text, order_id text not null, amount numeric(12,2) not null check (amount > 0), currency char(3) not null,
  reason text not null, version int not null default 1, updated_at timestamptz not null,
  primary key (tenant, id), foreign key (tenant, order_id) references orders);
create index refunds_by_order on refunds (tenant, order_id);

create table idempotency (
  tenant text, key text, request_hash text not null, status int not null, answer jsonb not null, record text not null,
  created_at timestamptz not null, primary key (tenant, key));

create table ledger (
  seq bigint generated always as identity primary key, started_at timestamptz not null,
  applied_at timestamptz not null default clock_timestamp(), tenant text not null, kind text not null, record text not null,
  amount numeric(12,2), currency char(3), idempotency_key text, actor text, unique (tenant, idempotency_key));
create function ledger_is_append_only() returns trigger language plpgsql as $$
begin raise exception 'the ledger is append-only'; end $$;
create trigger ledger_append_only before update or delete on ledger for each row execute function ledger_is_append_only();
create trigger ledger_no_truncate before truncate on ledger for each statement execute function ledger_is_append_only();

create table access_log (
  seq bigint generated always as identity primary key, at timestamptz not null, tenant text, method text not null,
  path text not null, record text, status int, dropped boolean not null, replayed boolean not null,
  idempotency_key text, actor text);

create type outcome as (status int, answer jsonb, replayed boolean, record text);
`;

/** What came after: drafts of replies, deleted customers, whom a refund was paid to, and what a request touched. */
export const deskSchema = `
alter table customers add column deleted_at timestamptz;
alter table refunds add column customer_id text;
alter table access_log add column records jsonb not null default '[]';

create sequence reply_numbers;
create table replies (
  tenant text, id text, ticket_id text not null, body text not null, status text not null default 'draft', author text,
  version int not null default 1, updated_at timestamptz not null,
  primary key (tenant, id), foreign key (tenant, ticket_id) references tickets);
create index replies_by_ticket on replies (tenant, ticket_id);
create index customers_by_merger on customers (tenant, merged_into) where merged_into is not null;
`;

/** A key that was forgotten acts again, and the ledger shows that it did. */
export const keysEnd = 'alter table ledger drop constraint ledger_tenant_idempotency_key_key';

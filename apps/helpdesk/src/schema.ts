/** Tables, the JSON form of each record, and the walls that keep the ledger append-only. */
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

create function iso(t timestamptz) returns text language sql stable as
$$ select to_char(t at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') $$;
create function money(amount numeric, currency text) returns jsonb language sql stable as
$$ select jsonb_build_object('amount', amount::numeric(12,2)::text, 'currency', currency) $$;

create function customer_json(c customers) returns jsonb language sql stable as $$ select jsonb_build_object(
  'id', c.id, 'tenant', c.tenant, 'name', c.name, 'email', c.email, 'phone', c.phone, 'iban', c.iban,
  'restricted', c.restricted, 'mergedInto', c.merged_into, 'version', c.version, 'updatedAt', iso(c.updated_at)) $$;
create function order_json(o orders) returns jsonb language sql stable as $$ select jsonb_build_object(
  'id', o.id, 'tenant', o.tenant, 'customerId', o.customer_id, 'status', o.status, 'total', money(o.total, o.currency),
  'refunded', money(o.refunded, o.currency), 'remaining', money(o.total - o.refunded, o.currency), 'shipments', o.shipments,
  'placedAt', iso(o.placed_at), 'version', o.version, 'updatedAt', iso(o.updated_at)) $$;
create function subscription_json(s subscriptions) returns jsonb language sql stable as $$ select jsonb_build_object(
  'id', s.id, 'tenant', s.tenant, 'customerId', s.customer_id, 'plan', s.plan, 'status', s.status,
  'price', money(s.price, s.currency), 'periodEnd', iso(s.period_end), 'version', s.version, 'updatedAt', iso(s.updated_at)) $$;
create function entitlement_json(e entitlements) returns jsonb language sql stable as $$ select jsonb_build_object(
  'id', e.id, 'tenant', e.tenant, 'customerId', e.customer_id, 'feature', e.feature, 'quantity', e.quantity,
  'status', e.status, 'validUntil', iso(e.valid_until), 'version', e.version, 'updatedAt', iso(e.updated_at)) $$;
create function member_json(m members) returns jsonb language sql stable as $$ select jsonb_build_object(
  'id', m.sub, 'sub', m.sub, 'tenant', m.tenant, 'name', m.name, 'email', m.email, 'roles', to_jsonb(m.roles),
  'active', m.active, 'version', m.version, 'updatedAt', iso(m.updated_at)) $$;
create function ticket_json(t tickets) returns jsonb language sql stable as $$ select jsonb_build_object(
  'id', t.id, 'tenant', t.tenant, 'customerId', t.customer_id, 'orderId', t.order_id, 'subject', t.subject, 'body', t.body,
  'status', t.status, 'version', t.version, 'updatedAt', iso(t.updated_at)) $$;
create function refund_json(r refunds) returns jsonb language sql stable as $$ select jsonb_build_object(
  'id', r.id, 'tenant', r.tenant, 'orderId', r.order_id, 'amount', money(r.amount, r.currency), 'reason', r.reason,
  'version', r.version, 'updatedAt', iso(r.updated_at)) $$;
`;

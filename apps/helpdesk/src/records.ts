/** How each record looks in JSON, whose it is, and what is answered when it is not to be had. */
export const records = `
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
create function reply_json(r replies) returns jsonb language sql stable as $$ select jsonb_build_object(
  'id', r.id, 'tenant', r.tenant, 'ticketId', r.ticket_id, 'body', r.body, 'status', r.status, 'author', r.author,
  'version', r.version, 'updatedAt', iso(r.updated_at)) $$;
create function refund_json(r refunds) returns jsonb language sql stable as $$ select jsonb_build_object(
  'id', r.id, 'tenant', r.tenant, 'orderId', r.order_id, 'paidTo', r.customer_id, 'amount', money(r.amount, r.currency),
  'reason', r.reason, 'version', r.version, 'updatedAt', iso(r.updated_at)) $$;

create function refusal(status int, code text, detail text) returns outcome language sql stable as
$$ select row(status, jsonb_build_object('code', code, 'detail', detail), false, null)::outcome $$;

create function is_elsewhere(kind text, p_tenant text, p_id text) returns boolean language sql stable as $$ select case kind
  when 'order' then exists (select from orders where id = p_id and tenant <> p_tenant)
  when 'customer' then exists (select from customers where id = p_id and tenant <> p_tenant)
  when 'subscription' then exists (select from subscriptions where id = p_id and tenant <> p_tenant)
  when 'member' then exists (select from members where sub = p_id and tenant <> p_tenant)
  when 'ticket' then exists (select from tickets where id = p_id and tenant <> p_tenant)
  when 'refund' then exists (select from refunds where id = p_id and tenant <> p_tenant)
  when 'reply' then exists (select from replies where id = p_id and tenant <> p_tenant) else false end $$;

create function no_such(kind text, p_tenant text, p_id text) returns outcome language sql stable as
$$ select refusal(404, case when is_elsewhere(kind, p_tenant, p_id) then 'OTHER_TENANT' else 'NOT_FOUND' end,
  'There is no ' || kind || ' ' || p_id || '.') $$;

-- A merged customer is as restricted as the one that stands for it.
create function is_restricted(p_tenant text, p_customer text) returns boolean language sql stable as $$ select exists (
  select from customers c left join customers standing on standing.tenant = c.tenant and standing.id = c.merged_into
  where c.tenant = p_tenant and c.id = p_customer and (c.restricted or standing.restricted)) $$;

create function restricted_order(p_tenant text, p_order text) returns boolean language sql stable as
$$ select is_restricted(p_tenant, (select customer_id from orders where tenant = p_tenant and id = p_order)) $$;

create function restricted_ticket(t tickets) returns boolean language sql stable as
$$ select is_restricted(t.tenant, t.customer_id) or restricted_order(t.tenant, t.order_id) $$;

create function hidden() returns outcome language sql stable as
$$ select refusal(403, 'RECORD_RESTRICTED', 'This record is restricted.') $$;
`;

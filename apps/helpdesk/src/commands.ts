/**
 * The writes, each one function of the database and so one round trip. What they guarantee:
 * 1. Effect, ledger row and remembered answer are one transaction: all or none.
 * 2. Two requests with one key run one after the other; the second gets the first's answer and changes nothing.
 * 3. Only an effect is remembered. A refusal frees its key, so a key without an answer proves that nothing was done.
 * 4. `Countersign-Not-After` is held against this database's clock after every lock is taken; `started_at` is that moment.
 * 5. `ifVersion` is compared under the row's lock.
 */
export const commands = `
create function refusal(status int, code text, detail text) returns outcome language sql stable as
$$ select row(status, jsonb_build_object('code', code, 'detail', detail), false, null)::outcome $$;

create function remembered(p_tenant text, p_key text, p_hash text) returns outcome language plpgsql as $$
declare seen idempotency;
begin
  if p_key is null then return null; end if;
  perform pg_advisory_xact_lock(hashtextextended(p_tenant || '/' || p_key, 0));
  select * into seen from idempotency where tenant = p_tenant and key = p_key;
  if not found then return null; end if;
  if seen.request_hash <> p_hash then
    return refusal(422, 'IDEMPOTENCY_CONFLICT', 'This Idempotency-Key was used with another request.');
  end if;
  return row(seen.status, seen.answer, true, seen.record)::outcome;
end $$;

create function too_late(p_started timestamptz, p_not_after numeric) returns outcome language plpgsql stable as $$
begin
  if extract(epoch from p_started) * 1000 > p_not_after then
    return refusal(412, 'TOO_LATE', 'Countersign-Not-After has passed; nothing was done.');
  end if;
  return null;
end $$;

create function moved(p_id text, p_version int, p_if_version int) returns outcome language plpgsql stable as $$
begin
  if p_version <> p_if_version then
    return refusal(412, 'VERSION_MISMATCH', p_id || ' is at version ' || p_version || ', not ' || p_if_version || '.');
  end if;
  return null;
end $$;

create function no_such(kind text, id text) returns outcome language sql stable as
$$ select refusal(404, 'NOT_FOUND', 'There is no ' || kind || ' ' || id || '.') $$;

create function change(kind text, record_before jsonb, record_after jsonb) returns jsonb language sql stable as
$$ select jsonb_build_object('type', kind, 'id', record_after->>'id', 'version', (record_after->>'version')::int,
  'before', record_before, 'after', record_after) $$;

create function remember(p_tenant text, p_key text, p_hash text, p_started timestamptz, p_status int, p_answer jsonb, p_record text)
returns outcome language plpgsql as $$
begin
  if p_key is not null then
    insert into idempotency values (p_tenant, p_key, p_hash, p_status, p_answer, p_record, p_started);
  end if;
  return row(p_status, p_answer, false, p_record)::outcome;
end $$;

create function refund_refusal(o orders, p_amount numeric, p_currency text) returns outcome language plpgsql stable as $$
begin
  if o.currency <> p_currency then
    return refusal(422, 'CURRENCY_MISMATCH', o.id || ' is in ' || o.currency || ', not ' || p_currency || '.');
  elsif o.status in ('cancelled', 'pending') then
    return refusal(422, 'ORDER_NOT_REFUNDABLE', o.id || ' is ' || o.status || '; only a paid order can be refunded.');
  elsif p_amount > o.total - o.refunded then
    return refusal(422, 'REFUND_EXCEEDS_REMAINING', o.id || ' has ' || (o.total - o.refunded) || ' ' || o.currency || ' left to refund.');
  end if;
  return null;
end $$;

create function preview_refund(p_tenant text, p_order text, p_amount numeric, p_currency text, p_reason text)
returns outcome language plpgsql stable as $$
declare o orders; refused outcome;
begin
  select * into o from orders where tenant = p_tenant and id = p_order;
  if not found then return no_such('order', p_order); end if;
  refused := refund_refusal(o, p_amount, p_currency);
  if refused.status is not null then return refused; end if;
  return row(200, jsonb_build_object(
    'effect', jsonb_build_object('orderId', o.id, 'amount', p_amount::numeric(12,2)::text, 'currency', p_currency, 'reason', p_reason,
      'refundedBefore', o.refunded::text, 'refundedAfter', (o.refunded + p_amount)::numeric(12,2)::text,
      'remaining', (o.total - o.refunded - p_amount)::numeric(12,2)::text),
    'basis', jsonb_build_object('orderId', o.id, 'orderVersion', o.version)), false, null)::outcome;
end $$;

create function commit_refund(p_tenant text, p_key text, p_hash text, p_not_after numeric, p_actor text,
  p_order text, p_amount numeric, p_currency text, p_reason text, p_if_version int) returns outcome language plpgsql as $$
declare started timestamptz; o orders; o2 orders; r refunds; known outcome;
begin
  known := remembered(p_tenant, p_key, p_hash);
  if known.status is not null then return known; end if;
  select * into o from orders where tenant = p_tenant and id = p_order for update;
  started := clock_timestamp();
  known := coalesce(too_late(started, p_not_after), case when o.id is null then no_such('order', p_order) end,
    moved(o.id, o.version, p_if_version), refund_refusal(o, p_amount, p_currency));
  if known.status is not null then return known; end if;
  update orders set refunded = refunded + p_amount, version = version + 1, updated_at = started
    where tenant = p_tenant and id = p_order returning * into o2;
  insert into refunds (tenant, id, order_id, amount, currency, reason, updated_at)
    values (p_tenant, 'ref_' || nextval('refund_numbers'), p_order, p_amount, p_currency, p_reason, started) returning * into r;
  insert into ledger (started_at, tenant, kind, record, amount, currency, idempotency_key, actor)
    values (started, p_tenant, 'refund', p_order, p_amount, p_currency, p_key, p_actor);
  return remember(p_tenant, p_key, p_hash, started, 201, jsonb_build_object('record', refund_json(r), 'version', r.version,
    'changed', jsonb_build_array(change('refund', null, refund_json(r)), change('order', order_json(o), order_json(o2)))), p_order);
end $$;

create function create_ticket(p_tenant text, p_key text, p_hash text, p_not_after numeric, p_actor text,
  p_customer text, p_order text, p_subject text, p_body text) returns outcome language plpgsql as $$
declare started timestamptz; t tickets; known outcome;
begin
  known := remembered(p_tenant, p_key, p_hash);
  if known.status is not null then return known; end if;
  started := clock_timestamp();
  known := coalesce(too_late(started, p_not_after),
    case when p_order is not null and not exists (select from orders where tenant = p_tenant and id = p_order)
      then no_such('order', p_order) end,
    case when p_customer is not null and not exists (select from customers where tenant = p_tenant and id = p_customer)
      then no_such('customer', p_customer) end);
  if known.status is not null then return known; end if;
  insert into tickets (tenant, id, customer_id, order_id, subject, body, updated_at)
    values (p_tenant, 'tck_' || nextval('ticket_numbers'), p_customer, p_order, p_subject, p_body, started) returning * into t;
  insert into ledger (started_at, tenant, kind, record, idempotency_key, actor)
    values (started, p_tenant, 'ticket', t.id, p_key, p_actor);
  return remember(p_tenant, p_key, p_hash, started, 201, jsonb_build_object('record', ticket_json(t), 'version', t.version,
    'changed', jsonb_build_array(change('ticket', null, ticket_json(t)))), t.id);
end $$;

create function change_order(p_tenant text, p_key text, p_hash text, p_not_after numeric, p_actor text,
  p_order text, p_status text, p_total numeric, p_shipments jsonb, p_customer text, p_if_version int)
returns outcome language plpgsql as $$
declare started timestamptz; o orders; o2 orders; known outcome;
begin
  known := remembered(p_tenant, p_key, p_hash);
  if known.status is not null then return known; end if;
  select * into o from orders where tenant = p_tenant and id = p_order for update;
  started := clock_timestamp();
  known := coalesce(too_late(started, p_not_after), case when o.id is null then no_such('order', p_order) end,
    moved(o.id, o.version, p_if_version),
    case when p_customer is not null and not exists (select from customers where tenant = p_tenant and id = p_customer)
      then no_such('customer', p_customer) end,
    case when p_total < o.refunded then refusal(422, 'TOTAL_BELOW_REFUNDED', o.id || ' has refunds of ' || o.refunded || '.') end);
  if known.status is not null then return known; end if;
  update orders set status = coalesce(p_status, status), total = coalesce(p_total, total),
    shipments = coalesce(p_shipments, shipments), customer_id = coalesce(p_customer, customer_id),
    version = version + 1, updated_at = started
    where tenant = p_tenant and id = p_order returning * into o2;
  insert into ledger (started_at, tenant, kind, record, idempotency_key, actor)
    values (started, p_tenant, 'order-change', p_order, p_key, p_actor);
  return remember(p_tenant, p_key, p_hash, started, 200, jsonb_build_object('record', order_json(o2), 'version', o2.version,
    'changed', jsonb_build_array(change('order', order_json(o), order_json(o2)))), p_order);
end $$;
`;

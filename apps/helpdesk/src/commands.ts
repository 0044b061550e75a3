/**
 * The writes, each one function of the database and so one round trip; refunds that come together go in one. What they guarantee:
 * 1. Effect, ledger row and remembered answer are one transaction: all or none.
 * 2. Two requests with one key run one after the other; the second gets the first's answer and changes nothing.
 * 3. Only an effect is remembered, for the lifetime of a key. A refusal frees its key, and a look-up waits for a write under its key, so
 *    within that time a key without an answer proves that nothing was done. After it the key is as good as new, and acts again.
 * 4. `Countersign-Not-After` is held against this database's clock after every lock is taken; `started_at` is that moment.
 * 5. `ifVersion` is compared under the row's lock.
 * 6. What belongs to a restricted customer is touched with leave alone (`p_open`), and a refusal says nothing of it. A repeat
 *    is answered as the first time: what a key did is told to whoever knows the key.
 */
export const commands = `
create function is_kept(p_created timestamptz) returns boolean language sql stable as
$$ select p_created > clock_timestamp() - current_setting('helpdesk.key_lifetime_ms')::float8 * interval '1 ms' $$;

create function remembered(p_tenant text, p_key text, p_hash text) returns outcome language plpgsql as $$
declare seen idempotency;
begin
  if p_key is null then return null; end if;
  perform pg_advisory_xact_lock(hashtextextended(p_tenant || '/' || p_key, 0));
  select * into seen from idempotency where tenant = p_tenant and key = p_key;
  if not found then return null; end if;
  if not is_kept(seen.created_at) then
    delete from idempotency where tenant = p_tenant and key = p_key;
    return null;
  end if;
  if seen.request_hash <> p_hash then
    return refusal(422, 'IDEMPOTENCY_CONFLICT', 'This Idempotency-Key was used with another request.');
  end if;
  return row(seen.status, seen.answer, true, seen.record)::outcome;
end $$;

create function known_by(p_tenant text, p_key text) returns setof idempotency language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(hashtextextended(p_tenant || '/' || p_key, 0));
  return query select * from idempotency where tenant = p_tenant and key = p_key and is_kept(created_at);
end $$;

create function too_late(p_started timestamptz, p_not_after numeric) returns outcome language sql stable as
$$ select case when extract(epoch from p_started) * 1000 > p_not_after
  then refusal(412, 'TOO_LATE', 'Countersign-Not-After has passed; nothing was done.') end $$;

create function moved(p_id text, p_version int, p_if_version int) returns outcome language sql stable as
$$ select case when p_version <> p_if_version
  then refusal(412, 'VERSION_MISMATCH', p_id || ' is at version ' || p_version || ', not ' || p_if_version || '.') end $$;

create function change(kind text, record_before jsonb, record_after jsonb) returns jsonb language sql stable as
$$ select jsonb_build_object('type', kind, 'id', record_after->>'id', 'version', (record_after->>'version')::int,
  'before', record_before, 'after', record_after) $$;

create function seen(kind text, id text, version int) returns jsonb language sql stable as
$$ select jsonb_build_array(jsonb_build_object('type', kind, 'id', id, 'version', version)) $$;

create function remember(p_tenant text, p_key text, p_hash text, p_started timestamptz, p_status int, p_answer jsonb, p_record text)
returns outcome language plpgsql as $$
begin
  if p_key is not null then
    insert into idempotency values (p_tenant, p_key, p_hash, p_status, p_answer, p_record, p_started);
  end if;
  return row(p_status, p_answer, false, p_record)::outcome;
end $$;

create function refund_refusal(o orders, p_amount numeric, p_currency text) returns outcome language sql stable as $$ select case
  when o.currency <> p_currency
    then refusal(422, 'CURRENCY_MISMATCH', o.id || ' is in ' || o.currency || ', not ' || p_currency || '.')
  when o.status in ('cancelled', 'pending')
    then refusal(422, 'ORDER_NOT_REFUNDABLE', o.id || ' is ' || o.status || '; only a paid order can be refunded.')
  when p_amount > o.total - o.refunded
    then refusal(422, 'REFUND_EXCEEDS_REMAINING', o.id || ' has ' || (o.total - o.refunded) || ' ' || o.currency || ' left to refund.')
  end $$;

-- The customer that stands since these two were merged: who is paid, and as restricted as the stricter of them.
create function standing(c customers) returns customers language plpgsql stable as $$
declare other customers;
begin
  if c.merged_into is null then return c; end if;
  select * into other from customers where tenant = c.tenant and id = c.merged_into;
  other.restricted := other.restricted or c.restricted;
  return other;
end $$;

create function preview_refund(p_tenant text, p_open boolean, p_order text, p_amount numeric, p_currency text, p_reason text)
returns outcome language plpgsql stable as $$
declare o orders; paid customers; refused outcome;
begin
  select * into o from orders where tenant = p_tenant and id = p_order;
  if not found then return no_such('order', p_tenant, p_order); end if;
  select * into paid from customers where tenant = p_tenant and id = o.customer_id;
  if paid.merged_into is not null then paid := standing(paid); end if;
  if paid.restricted and not p_open then return hidden(); end if;
  refused := refund_refusal(o, p_amount, p_currency);
  if refused.status is not null then return refused; end if;
  return row(200, jsonb_build_object(
    'effect', jsonb_build_object('orderId', o.id, 'paidTo', paid.id, 'amount', p_amount::numeric(12,2)::text, 'currency', p_currency,
      'reason', p_reason, 'refundedBefore', o.refunded::text, 'refundedAfter', (o.refunded + p_amount)::numeric(12,2)::text,
      'remaining', (o.total - o.refunded - p_amount)::numeric(12,2)::text),
    'basis', jsonb_build_object('orderId', o.id, 'orderVersion', o.version), 'read', seen('order', o.id, o.version)), false, null)::outcome;
end $$;

-- Many at once: no two of one order, no two under one key. All keys are locked before all orders, each in order, so that no two of
-- these ever wait for each other. Its plans are made while the tables are empty and kept: they go by the indexes.
create function commit_refunds(p_tenants text[], p_keys text[], p_hashes text[], p_not_after numeric[], p_actors text[], p_open boolean[],
  p_orders text[], p_amounts numeric[], p_currencies text[], p_reasons text[], p_if_versions int[]) returns setof outcome
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare started timestamptz; locked orders[];
begin
  if exists (select from unnest(p_tenants, p_orders) as asked (tenant, id) group by tenant, id having count(*) > 1) then
    raise exception 'two refunds of one order in one call';
  end if;
  perform pg_advisory_xact_lock(lock) from (select hashtextextended(tenant || '/' || key, 0) as lock
    from unnest(p_tenants, p_keys) as asked (tenant, key) order by 1) locks;
  delete from idempotency i using unnest(p_tenants, p_keys) as asked (tenant, key)
    where i.tenant = asked.tenant and i.key = asked.key and not is_kept(i.created_at);
  locked := array(select o from unnest(p_tenants, p_orders) as asked (tenant, id) join orders o using (tenant, id) order by o.tenant, o.id for update of o);
  started := clock_timestamp();
  return query with asked as materialized (
    select a.*, order_json(o) as was, case when c.merged_into is null then c else standing(c) end as paid,
      case when i.request_hash <> a.hash then refusal(422, 'IDEMPOTENCY_CONFLICT', 'This Idempotency-Key was used with another request.')
        when i.key is not null then row(i.status, i.answer, true, i.record)::outcome
        else coalesce(too_late(started, a.not_after), case when o.id is null then no_such('order', a.tenant, a.order_id) end,
          case when (c.restricted or c.merged_into is not null and (standing(c)).restricted) and not a.open then hidden() end,
          moved(o.id, o.version, a.if_version), refund_refusal(o, a.amount, a.currency)) end as ended
    from unnest(p_tenants, p_keys, p_hashes, p_not_after, p_actors, p_open, p_orders, p_amounts, p_currencies, p_reasons, p_if_versions)
      with ordinality as a (tenant, key, hash, not_after, actor, open, order_id, amount, currency, reason, if_version, n)
      left join unnest(locked) o on o.tenant = a.tenant and o.id = a.order_id
      left join customers c on c.tenant = o.tenant and c.id = o.customer_id
      left join idempotency i on i.tenant = a.tenant and i.key = a.key),
  done as materialized (select * from asked where (ended).status is null),
  changed as (update orders set refunded = orders.refunded + done.amount, version = orders.version + 1, updated_at = started
    from done where orders.tenant = done.tenant and orders.id = done.order_id
    returning done.n, orders.version, order_json(orders) as after),
  refunded as (insert into refunds (tenant, id, order_id, customer_id, amount, currency, reason, updated_at)
    select tenant, 'ref_' || nextval('refund_numbers'), order_id, (paid).id, amount, currency, reason, started from done
    returning tenant, order_id, id, version, refund_json(refunds) as made),
  entered as (insert into ledger (started_at, tenant, kind, record, amount, currency, idempotency_key, actor)
    select started, tenant, 'refund', order_id, amount, currency, key, actor from done order by n),
  answered as materialized (select done.n, done.tenant, done.key, done.hash, done.order_id,
      jsonb_build_object('record', made, 'version', refunded.version, 'changed', jsonb_build_array(
        jsonb_build_object('type', 'refund', 'id', refunded.id, 'version', refunded.version, 'before', null, 'after', made),
        jsonb_build_object('type', 'order', 'id', done.order_id, 'version', changed.version, 'before', done.was, 'after', after))) as answer
    from done join refunded using (tenant, order_id) join changed using (n)),
  kept as (insert into idempotency select tenant, key, hash, 201, answer, order_id, started from answered)
  select (coalesce(asked.ended, row(201, answered.answer, false, asked.order_id)::outcome)).* from asked left join answered using (n) order by n;
end $$;

create function ticket_refusal(p_tenant text, p_open boolean, p_customer text, p_order text) returns outcome language plpgsql stable as $$
declare c customers;
begin
  if p_order is not null then
    if not exists (select from orders where tenant = p_tenant and id = p_order) then return no_such('order', p_tenant, p_order); end if;
    if restricted_order(p_tenant, p_order) and not p_open then return hidden(); end if;
  end if;
  if p_customer is null then return null; end if;
  select * into c from customers where tenant = p_tenant and id = p_customer and deleted_at is null;
  if not found then return no_such('customer', p_tenant, p_customer); end if;
  if is_restricted(p_tenant, p_customer) and not p_open then return hidden(); end if;
  if c.merged_into is not null then
    return refusal(422, 'CUSTOMER_MERGED', c.id || ' was merged into ' || c.merged_into || '; name that customer.');
  end if;
  return null;
end $$;

create function preview_ticket(p_tenant text, p_open boolean, p_customer text, p_order text, p_subject text, p_body text)
returns outcome language plpgsql stable as $$
declare refused outcome; version int;
begin
  refused := ticket_refusal(p_tenant, p_open, p_customer, p_order);
  if refused.status is not null then return refused; end if;
  select c.version into version from customers c where tenant = p_tenant and id = p_customer;
  return row(200, jsonb_build_object(
    'effect', jsonb_strip_nulls(jsonb_build_object('customerId', p_customer, 'orderId', p_order, 'subject', p_subject, 'body', p_body)),
    'basis', jsonb_build_object(),
    'read', case when p_customer is null then '[]' else seen('customer', p_customer, version) end), false, null)::outcome;
end $$;

create function create_ticket(p_tenant text, p_key text, p_hash text, p_not_after numeric, p_actor text, p_open boolean,
  p_customer text, p_order text, p_subject text, p_body text) returns outcome language plpgsql as $$
declare started timestamptz; t tickets; known outcome;
begin
  known := remembered(p_tenant, p_key, p_hash);
  if known.status is not null then return known; end if;
  started := clock_timestamp();
  known := coalesce(too_late(started, p_not_after), ticket_refusal(p_tenant, p_open, p_customer, p_order));
  if known.status is not null then return known; end if;
  insert into tickets (tenant, id, customer_id, order_id, subject, body, updated_at)
    values (p_tenant, 'tck_' || nextval('ticket_numbers'), p_customer, p_order, p_subject, p_body, started) returning * into t;
  insert into ledger (started_at, tenant, kind, record, idempotency_key, actor)
    values (started, p_tenant, 'ticket', t.id, p_key, p_actor);
  return remember(p_tenant, p_key, p_hash, started, 201, jsonb_build_object('record', ticket_json(t), 'version', t.version,
    'changed', jsonb_build_array(change('ticket', null, ticket_json(t)))), t.id);
end $$;

create function change_order(p_tenant text, p_key text, p_hash text, p_not_after numeric, p_actor text, p_open boolean,
  p_order text, p_status text, p_total numeric, p_shipments jsonb, p_customer text, p_if_version int)
returns outcome language plpgsql as $$
declare started timestamptz; o orders; o2 orders; known outcome;
begin
  known := remembered(p_tenant, p_key, p_hash);
  if known.status is not null then return known; end if;
  select * into o from orders where tenant = p_tenant and id = p_order for update;
  started := clock_timestamp();
  known := coalesce(too_late(started, p_not_after), case when o.id is null then no_such('order', p_tenant, p_order) end,
    case when is_restricted(p_tenant, o.customer_id) and not p_open then hidden() end,
    moved(o.id, o.version, p_if_version),
    case when p_customer is not null and not exists (
      select from customers where tenant = p_tenant and id = p_customer and deleted_at is null)
      then no_such('customer', p_tenant, p_customer) end,
    case when is_restricted(p_tenant, p_customer) and not p_open then hidden() end,
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

/**
 * Drafts of replies, roles of members and the deletion of customers, with the guarantees of `commands.ts`.
 * 1. A draft is kept beside its ticket and sent to nobody.
 * 2. Nobody changes their own roles.
 * 3. Deleting empties the customer and those merged into them for good, in the remembered answer too. Orders, refunds, tickets
 *    and past subscriptions stay for the books, under the bare id. It is refused while the desk still owes the customer
 *    something: an order under way, a subscription that runs or is paid for.
 */
export const deskCommands = `
create function preview_reply(p_tenant text, p_open boolean, p_ticket text, p_body text) returns outcome language plpgsql stable as $$
declare t tickets;
begin
  select * into t from tickets where tenant = p_tenant and id = p_ticket;
  if not found then return no_such('ticket', p_tenant, p_ticket); end if;
  if restricted_ticket(t) and not p_open then return hidden(); end if;
  return row(200, jsonb_build_object('effect', jsonb_build_object('ticketId', t.id, 'body', p_body, 'status', 'draft'),
    'basis', jsonb_build_object('ticketId', t.id, 'ticketVersion', t.version), 'read', seen('ticket', t.id, t.version)), false, null)::outcome;
end $$;

create function draft_reply(p_tenant text, p_key text, p_hash text, p_not_after numeric, p_actor text, p_open boolean,
  p_ticket text, p_body text, p_if_version int) returns outcome language plpgsql as $$
declare started timestamptz; t tickets; r replies; known outcome;
begin
  known := remembered(p_tenant, p_key, p_hash);
  if known.status is not null then return known; end if;
  select * into t from tickets where tenant = p_tenant and id = p_ticket for update;
  started := clock_timestamp();
  known := coalesce(too_late(started, p_not_after), case when t.id is null then no_such('ticket', p_tenant, p_ticket) end,
    case when restricted_ticket(t) and not p_open then hidden() end, moved(t.id, t.version, p_if_version));
  if known.status is not null then return known; end if;
  insert into replies (tenant, id, ticket_id, body, author, updated_at)
    values (p_tenant, 'rpl_' || nextval('reply_numbers'), p_ticket, p_body, p_actor, started) returning * into r;
  insert into ledger (started_at, tenant, kind, record, idempotency_key, actor)
    values (started, p_tenant, 'reply-draft', p_ticket, p_key, p_actor);
  return remember(p_tenant, p_key, p_hash, started, 201, jsonb_build_object('record', reply_json(r), 'version', r.version,
    'changed', jsonb_build_array(change('reply', null, reply_json(r)))), p_ticket);
end $$;

create function own_roles(p_actor text, p_sub text) returns outcome language sql stable as
$$ select case when p_actor = p_sub then refusal(422, 'OWN_ROLES', 'Nobody changes their own roles.') end $$;

create function preview_member(p_tenant text, p_actor text, p_sub text, p_roles text[], p_active boolean)
returns outcome language plpgsql stable as $$
declare m members; refused outcome;
begin
  select * into m from members where tenant = p_tenant and sub = p_sub;
  if not found then return no_such('member', p_tenant, p_sub); end if;
  refused := own_roles(p_actor, p_sub);
  if refused.status is not null then return refused; end if;
  return row(200, jsonb_build_object('effect', jsonb_build_object('memberId', m.sub, 'rolesBefore', to_jsonb(m.roles),
      'rolesAfter', to_jsonb(coalesce(p_roles, m.roles)), 'activeAfter', coalesce(p_active, m.active)),
    'basis', jsonb_build_object('memberId', m.sub, 'memberVersion', m.version), 'read', seen('member', m.sub, m.version)), false, null)::outcome;
end $$;

create function change_member(p_tenant text, p_key text, p_hash text, p_not_after numeric, p_actor text, p_open boolean,
  p_sub text, p_roles text[], p_active boolean, p_if_version int) returns outcome language plpgsql as $$
declare started timestamptz; m members; m2 members; known outcome;
begin
  known := remembered(p_tenant, p_key, p_hash);
  if known.status is not null then return known; end if;
  select * into m from members where tenant = p_tenant and sub = p_sub for update;
  started := clock_timestamp();
  known := coalesce(too_late(started, p_not_after), case when m.sub is null then no_such('member', p_tenant, p_sub) end,
    own_roles(p_actor, p_sub), moved(m.sub, m.version, p_if_version));
  if known.status is not null then return known; end if;
  update members set roles = coalesce(p_roles, roles), active = coalesce(p_active, active), version = version + 1, updated_at = started
    where tenant = p_tenant and sub = p_sub returning * into m2;
  insert into ledger (started_at, tenant, kind, record, idempotency_key, actor)
    values (started, p_tenant, 'role-change', p_sub, p_key, p_actor);
  return remember(p_tenant, p_key, p_hash, started, 200, jsonb_build_object('record', member_json(m2), 'version', m2.version,
    'changed', jsonb_build_array(change('member', member_json(m), member_json(m2)))), p_sub);
end $$;

create function deletion_refusal(p_tenant text, p_open boolean, c customers, p_ids text[]) returns outcome language plpgsql stable as $$
declare held text;
begin
  if is_restricted(p_tenant, c.id) and not p_open then return hidden(); end if;
  if c.merged_into is not null then
    return refusal(422, 'CUSTOMER_MERGED', c.id || ' was merged into ' || c.merged_into || '; name that customer.');
  end if;
  select string_agg(id, ', ' order by id) into held from orders
    where tenant = p_tenant and customer_id = any(p_ids) and status in ('pending', 'paid', 'shipped');
  if held is not null then return refusal(422, 'CUSTOMER_HAS_OPEN_ORDERS', c.id || ' has orders under way: ' || held || '.'); end if;
  select string_agg(id, ', ' order by id) into held from subscriptions
    where tenant = p_tenant and customer_id = any(p_ids) and (status in ('active', 'past_due') or period_end > clock_timestamp());
  if held is not null then
    return refusal(422, 'CUSTOMER_HAS_SUBSCRIPTION', c.id || ' has subscriptions that run or are paid for: ' || held || '.');
  end if;
  return null;
end $$;

create function preview_deletion(p_tenant text, p_open boolean, p_customer text) returns outcome language plpgsql stable as $$
declare c customers; ids text[]; refused outcome;
begin
  select * into c from customers where tenant = p_tenant and id = p_customer and deleted_at is null;
  if not found then return no_such('customer', p_tenant, p_customer); end if;
  ids := array(select id from customers where tenant = p_tenant and (id = c.id or merged_into = c.id) and deleted_at is null order by id);
  refused := deletion_refusal(p_tenant, p_open, c, ids);
  if refused.status is not null then return refused; end if;
  return row(200, jsonb_build_object(
    'effect', jsonb_build_object('customerId', c.id, 'deleted', to_jsonb(ids),
      'ordersKept', (select count(*) from orders where tenant = p_tenant and customer_id = any(ids)),
      'ticketsKept', (select count(*) from tickets where tenant = p_tenant and customer_id = any(ids))),
    'basis', jsonb_build_object('customerId', c.id, 'customerVersion', c.version), 'read', seen('customer', c.id, c.version)), false, null)::outcome;
end $$;

create function delete_customer(p_tenant text, p_key text, p_hash text, p_not_after numeric, p_actor text, p_open boolean,
  p_customer text, p_if_version int) returns outcome language plpgsql as $$
declare started timestamptz; c customers; ids text[]; known outcome; changed jsonb;
begin
  known := remembered(p_tenant, p_key, p_hash);
  if known.status is not null then return known; end if;
  perform from customers where tenant = p_tenant and (id = p_customer or merged_into = p_customer) order by id for update;
  select * into c from customers where tenant = p_tenant and id = p_customer and deleted_at is null;
  ids := array(select id from customers where tenant = p_tenant and (id = c.id or merged_into = c.id) and deleted_at is null order by id);
  started := clock_timestamp();
  known := coalesce(too_late(started, p_not_after), case when c.id is null then no_such('customer', p_tenant, p_customer) end,
    deletion_refusal(p_tenant, p_open, c, ids), moved(c.id, c.version, p_if_version));
  if known.status is not null then return known; end if;
  update customers set name = '', email = '', phone = null, iban = null, deleted_at = started, version = version + 1, updated_at = started
    where tenant = p_tenant and id = any(ids);
  select jsonb_agg(jsonb_build_object('type', 'customer', 'id', d.id, 'version', d.version,
      'before', customer_json(d) - '{name,email,phone,iban,updatedAt}'::text[] || jsonb_build_object('version', d.version - 1),
      'after', null) order by d.id <> c.id, d.id)
    into changed from customers d where d.tenant = p_tenant and d.id = any(ids);
  insert into ledger (started_at, tenant, kind, record, idempotency_key, actor)
    values (started, p_tenant, 'customer-deletion', c.id, p_key, p_actor);
  return remember(p_tenant, p_key, p_hash, started, 200, jsonb_build_object(
    'record', jsonb_build_object('id', c.id, 'tenant', c.tenant, 'version', c.version + 1, 'deletedAt', iso(started)),
    'version', c.version + 1, 'changed', changed), c.id);
end $$;
`;

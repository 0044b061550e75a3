// @ts-check
// The four steps every peer journals, and what they work on: the same for each of them.
import { createHash } from 'node:crypto';
import pg from 'pg';
import { Pool } from 'undici';

/** @typedef {{ id: string, tenant: string, requester: string, orderId: string, amount: string, currency: string, reason: string }} Request */
/** @typedef {{ tool: string, arguments: Record<string, string>, tenant: string, requester: string, idempotencyKey: string }} Action */
/** @typedef {{ outcome: 'approve' | 'escalate' | 'deny', because: string }} Decision */

/** Connections to helpdesk, each with one request at a time. */
const CONNECTIONS = 64;
const DATABASE_CONNECTIONS = 20;
const ESCALATE_OVER = 50;
const DENY_OVER = 1000;
const MAY_ASK = ['alice', 'bob', 'adam'];

export const audited = `create table if not exists audit (
  id bigint generated always as identity primary key, at timestamptz not null default now(),
  workflow text not null, outcome text not null, record jsonb not null)`;

/** @param {Request} request @returns {Action} */
export function plan({ id, tenant, requester, orderId, amount, currency, reason }) {
  const args = { orderId, amount, currency, reason };
  const key = createHash('sha256')
    .update(JSON.stringify([tenant, id, 'issue_refund', args]))
    .digest('hex');
  return { tool: 'issue_refund', arguments: args, tenant, requester, idempotencyKey: key };
}

/** What the rules of support-desk come to for a refund. @param {Action} action @returns {Decision} */
export function policy({ requester, arguments: { amount = '' } }) {
  if (!MAY_ASK.includes(requester)) return { outcome: 'deny', because: `${requester} may not ask for it` };
  if (!(Number(amount) > 0 && Number(amount) <= DENY_OVER)) return { outcome: 'deny', because: 'over 1000.00' };
  if (Number(amount) > ESCALATE_OVER) return { outcome: 'escalate', because: 'over 50.00' };
  return { outcome: 'approve', because: 'at most 50.00' };
}

/** What reaches out: helpdesk over HTTP, and the audit table. @param {{ helpdesk: string, token: string, database: string }} where */
export function effects({ helpdesk, token, database }) {
  const http = new Pool(helpdesk, { connections: CONNECTIONS, pipelining: 1 });
  const rows = new pg.Pool({ connectionString: database, max: DATABASE_CONNECTIONS });
  return {
    prepare: () => rows.query(audited),
    /** @param {Action} action */
    async execute({ arguments: args, requester, idempotencyKey }) {
      const headers = {
        'content-type': 'application/json',
        accept: 'application/json',
        authorization: `Bearer ${token}`,
        'countersign-actor': requester,
        'idempotency-key': idempotencyKey,
      };
      const body = JSON.stringify(args);
      const answer = await http.request({ method: 'POST', path: '/v1/refunds', headers, body });
      const text = await answer.body.text();
      if (answer.statusCode >= 300) throw new Error(`helpdesk answered ${answer.statusCode}: ${text.slice(0, 200)}`);
      return { refund: /** @type {{ record: { id: string } }} */ (JSON.parse(text)).record.id };
    },
    /** @param {string} id @param {Action} action @param {Decision} decision @param {{ refund: string }} effect */
    async audit(id, action, decision, effect) {
      const values = [id, decision.outcome, JSON.stringify({ action, decision, effect })];
      const text = 'insert into audit (workflow, outcome, record) values ($1, $2, $3)';
      await rows.query({ name: 'audit', text, values });
    },
  };
}

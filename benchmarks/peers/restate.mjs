// @ts-check
// Who asks Restate: a client of its ingress, in a process of its own.
import { Pool } from 'undici';
import { serve } from './control.mjs';

const ingress = process.env['RESTATE_INGRESS_URL'] ?? '';
const worker = process.env['RESTATE_WORKER_URL'] ?? '';
const calls = new Pool(ingress, { connections: 512, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
/** Whoever waits for an end holds its connection so long: not those of the approvals. */
const ends = new Pool(ingress, { connections: 4096, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });

/** @param {Pool} pool @param {'GET' | 'POST'} method @param {string} path @param {object} [body] */
async function ask(pool, method, path, body) {
  const headers = body ? { 'content-type': 'application/json' } : {};
  const answer = await pool.request({ method, path, headers, ...(body && { body: JSON.stringify(body) }) });
  const text = await answer.body.text();
  if (answer.statusCode >= 300) throw new Error(`${path} answered ${answer.statusCode}: ${text.slice(0, 300)}`);
}

serve({
  run: (request) => ask(calls, 'POST', '/governed/run', request),
  open: (request) => ask(calls, 'POST', `/approved/${request.id}/run/send`, request),
  waiting: async () => /** @type {{ waiting: number }} */ (await (await fetch(worker)).json()).waiting,
  approve: (id) => ask(calls, 'POST', `/approved/${id}/approve`),
  ended: (id) => ask(ends, 'GET', `/restate/workflow/approved/${id}/attach`),
});

// @ts-check
// How the bench tells a peer what to do: JSON over HTTP on 127.0.0.1, one load at a time.
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** @typedef {import('./steps.mjs').Request} Request */
/**
 * @typedef {object} Peer
 * @property {(request: Request) => Promise<unknown>} run until its end
 * @property {(request: Request) => Promise<unknown>} open until it is durable; it waits for a person then
 * @property {() => Promise<number>} waiting how many wait for a person so far
 * @property {(id: string) => Promise<unknown>} approve
 * @property {(id: string) => Promise<unknown>} ended until it has come to its end
 */

const setting = (/** @type {string} */ name) => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: npm run bench starts this`);
  return value;
};
export const settings = {
  port: Number(setting('PORT')),
  helpdesk: setting('HELPDESK_URL'),
  token: setting('HELPDESK_TOKEN'),
  database: setting('AUDIT_DATABASE_URL'),
};

/** @template T @param {T[]} all @param {number} concurrency @param {(one: T) => Promise<unknown>} work */
async function bounded(all, concurrency, work) {
  let next = 0;
  const worker = async () => {
    for (let one = all[next++]; one !== undefined; one = all[next++]) await work(one);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, all.length) }, worker));
}

/**
 * The rate while as many are under way as may be: from the end of the first `concurrency` of them, and as long as there are more to
 * begin. What getting going and running dry cost is left out. @param {Peer} peer
 */
const burst = async (peer, { requests, concurrency }) => {
  const [first, last] = [concurrency, requests.length - concurrency];
  const at = { first: 0, last: 0 };
  let ended = 0;
  await bounded(requests, concurrency, async (request) => {
    await peer.run(request);
    ended += 1;
    if (ended === first) at.first = performance.now();
    if (ended === last) at.last = performance.now();
  });
  return { rate: ((last - first) * 1000) / (at.last - at.first) };
};

/** @param {Peer} peer */
const steady = async (peer, { requests, perSecond }) => {
  const began = performance.now();
  const ms = [];
  const underWay = [];
  for (const [index, request] of requests.entries()) {
    const early = began + (index * 1000) / perSecond - performance.now();
    if (early > 0) await delay(early);
    const sent = performance.now();
    underWay.push(peer.run(request).then(() => ms.push({ index, took: performance.now() - sent })));
  }
  await Promise.all(underWay);
  return { ms: ms.filter(({ index }) => index >= perSecond).map(({ took }) => took) };
};

/** @param {Peer} peer */
const open = async (peer, { requests, concurrency }) => {
  const before = await peer.waiting();
  await bounded(requests, concurrency, peer.open);
  const deadline = performance.now() + 120_000;
  while ((await peer.waiting()) - before < requests.length) {
    if (performance.now() > deadline) throw new Error('not all of them came to wait for a person in 120 s');
    await delay(50);
  }
  return {};
};

/** @param {Peer} peer */
const approve = async (peer, { ids, concurrency }) => {
  const at = Date.now();
  await bounded(ids, concurrency, peer.approve);
  await Promise.all(ids.map(peer.ended));
  return { at };
};

/** @param {Peer} peer */
export function serve(peer) {
  const routes = { '/burst': burst, '/steady': steady, '/open': open, '/approve': approve };
  const server = http.createServer(async (request, response) => {
    const answer = (/** @type {number} */ status, /** @type {object} */ body) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    try {
      if (request.url === '/readyz') return answer(200, { status: 'ready' });
      const load = routes[request.url ?? ''];
      if (!load) return answer(404, { detail: `no route ${request.url}` });
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      return answer(200, await load(peer, JSON.parse(Buffer.concat(chunks).toString())));
    } catch (error) {
      return answer(500, { detail: error instanceof Error ? error.message : String(error) });
    }
  });
  server.requestTimeout = 0;
  server.listen(settings.port, '127.0.0.1');
}

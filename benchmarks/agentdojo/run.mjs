// @ts-check
// AgentDojo's tasks and attacks through Countersign.
//   node benchmarks/agentdojo/run.mjs [--suite NAME …] [--quick [N]] [--json FILE]
import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { Client } from '@countersign/client';
import { devToken } from '@countersign/embedded/places';
import { HonestApprover } from './approver.mjs';
import { governed, nameOf } from './govern.mjs';
import { play } from './play.mjs';
import { Missing, pythonWithAgentDojo } from './python.mjs';
import { asText, figuresOf, shortOf } from './report.mjs';
import { ToolServer } from './tool-server.mjs';

/** Those it was developed on. The others were not looked at before; `--suite` names them. */
const DEVELOPED_ON = ['banking', 'slack'];
const HELD_OUT = ['travel', 'workspace'];

const { values } = parseArgs({
  options: {
    suite: { type: 'string', multiple: true, default: DEVELOPED_ON },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});
const unknown = values.suite.filter((suite) => ![...DEVELOPED_ON, ...HELD_OUT].includes(suite));
if (unknown.length > 0) fail(2, `no suite ${unknown.join(', ')}: ${[...DEVELOPED_ON, ...HELD_OUT].join(', ')}`);

const began = performance.now();
const say = (/** @type {string} */ line) =>
  console.error(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s  ${line}`);
try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof Missing)) throw error;
  fail(2, error.message);
}

/** @param {number} code @param {string} message @returns {never} */
function fail(code, message) {
  console.error(message);
  process.exit(code);
}

async function main() {
  const python = pythonWithAgentDojo(say);
  /** @type {Record<string, ToolServer>} */
  const servers = {};
  for (const suite of values.suite) servers[suite] = await ToolServer.start(python, suite);
  const { system, stop } = await governed(servers, say);
  try {
    const all = [];
    for (const [suite, server] of Object.entries(servers)) all.push(await suiteRun(system, suite, server));
    if (values.json) fs.writeFileSync(values.json, `${JSON.stringify(all, null, 2)}\n`);
    const short = all.flatMap(({ figures }) => (HELD_OUT.includes(figures.suite) ? [] : shortOf(figures)));
    for (const { figures } of all) console.log(asText(figures));
    for (const line of short) console.log(`FAILED: ${line}`);
    return short.length > 0 ? 3 : 0;
  } finally {
    await stop();
    for (const server of Object.values(servers)) server.stop();
  }
}

/** @param {import('@countersign/embedded').System} system @param {string} suite @param {ToolServer} server */
async function suiteRun(system, suite, server) {
  const tokenOf = tokens(system.urls.identity);
  const client = new Client({ url: system.urls.gateway, token: () => tokenOf('alice') });
  const approver = new HonestApprover(system.urls.gateway, () => tokenOf('bob'));
  const world = { workflow: nameOf(suite), server, client, approver };
  const { userTasks, injectionTasks } = await server.about();
  const runs = [];
  const which = planned(userTasks, injectionTasks);
  for (const [index, one] of which.entries()) {
    runs.push(await play(world, one));
    if ((index + 1) % 20 === 0 || index + 1 === which.length) say(`${suite}: ${index + 1} of ${which.length} runs`);
  }
  return { figures: figuresOf(suite, runs), runs };
}

/** @param {string[]} userTasks @param {string[]} injectionTasks @returns {{ userTask: string, injectionTask?: string }[]} */
function planned(userTasks, injectionTasks) {
  const all = userTasks.flatMap((userTask) => [
    { userTask },
    ...injectionTasks.map((injectionTask) => ({ userTask, injectionTask })),
  ]);
  // Every so many-th, so that tasks and injections of all kinds are among them.
  return values.quick ? all.filter((_, index) => index % 31 === 0) : all;
}

/** A token lives for a while; a run longer. @param {string} identity */
function tokens(identity) {
  /** @type {Map<string, { token: Promise<string>, at: number }>} */
  const kept = new Map();
  return (/** @type {string} */ user) => {
    const known = kept.get(user);
    if (known && performance.now() - known.at < 120_000) return known.token;
    const token = devToken(identity, user);
    kept.set(user, { token, at: performance.now() });
    return token;
  };
}

// @ts-check
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startSystem } from '@countersign/embedded';
import { releaseUntried } from '@countersign/testing';
import { parseDocument } from 'yaml';

const CLI = path.resolve(import.meta.dirname, '../../apps/cli/bin/countersign.mjs');

/** Who asks through the agent, and the roles of the embedded identity provider's people. */
const CALLER = 'support-agent';
export const TENANT = 'acme';

/**
 * Imports each suite's tools with one command, names who may call them, and starts the whole system over them. Of what was imported nothing
 * else is changed: effects, inputs that decide and data classes are as they were guessed from names and schemas.
 *
 * @param {Record<string, import('./tool-server.mjs').ToolServer>} servers by suite
 * @param {(line: string) => void} say
 */
export async function governed(servers, say) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'agentdojo-'));
  const packages = Object.entries(servers).map(([suite, server]) => imported(dir, suite, server));
  const targets = Object.fromEntries(Object.entries(servers).map(([suite, { url }]) => [nameOf(suite), `mcp+${url}`]));
  const system = await startSystem({
    ...{ fsync: false, releases: false, workflows: ['@countersign/support-desk', ...packages] },
    env: { COUNTERSIGN_TARGETS: JSON.stringify(targets) },
    onProgress: ({ step, seconds }) => seconds !== undefined && say(`${step} in ${seconds.toFixed(1)} s`),
  });
  try {
    for (const [suite, { token }] of Object.entries(servers)) credential(system.dataDir, nameOf(suite), token);
    await releaseUntried(system);
  } catch (error) {
    await system.stop();
    throw error;
  }
  const stop = async () => {
    await system.stop();
    fs.rmSync(dir, { recursive: true, force: true });
  };
  return { system, stop };
}

export const nameOf = (/** @type {string} */ suite) => `agentdojo-${suite}`;

/** @param {string} dir @param {string} suite @param {import('./tool-server.mjs').ToolServer} server */
function imported(dir, suite, server) {
  const folder = path.join(dir, nameOf(suite));
  const tokenFile = path.join(dir, `${suite}.token`);
  fs.writeFileSync(tokenFile, server.token, { mode: 0o600 });
  const args = [
    CLI,
    'tools',
    'import-mcp',
    server.url,
    '--name',
    nameOf(suite),
    '--dir',
    folder,
    '--token-file',
    tokenFile,
  ];
  execFileSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  review(path.join(folder, 'tools.yaml'));
  return folder;
}

/** The reviewer's part: who may call a tool; and that a call AgentDojo's runtime says failed did nothing. @param {string} file */
function review(file) {
  const document = parseDocument(fs.readFileSync(file, 'utf8'));
  const tools = /** @type {import('yaml').YAMLMap} */ (document.get('tools'));
  for (const { key } of tools.items) {
    const name = String(/** @type {{ value: unknown }} */ (key).value);
    document.setIn(['tools', name, 'permissions', 'roles'], [CALLER]);
    if (document.hasIn(['tools', name, 'onError'])) document.setIn(['tools', name, 'onError'], 'refused');
  }
  fs.writeFileSync(file, document.toString());
}

/** @param {string} dataDir @param {string} target @param {string} token */
function credential(dataDir, target, token) {
  const folder = path.join(dataDir, 'credentials', target);
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, `${TENANT}.token`), token, { mode: 0o600 });
}

import fs from 'node:fs';
import path from 'node:path';
import { DataDir, freePort, ownsPort, Supervisor, throwawayDir, type System } from '@countersign/embedded';
import { Peer, peerDatabase, startProgram } from './peer.js';
import { peersInstalled, PeersMissing, restateServer } from './peer-packages.js';

interface Setting {
  system: System;
  supervisor: Supervisor;
  data: DataDir;
  folder: string;
  run: string;
}

/** Engines of durable workflows, on data that goes with this process: nothing they started outlives it. */
export interface Peers {
  all: Peer[];
  /** By peer, why it is not there. */
  missing: Record<string, string>;
  /** Whatever died: its figures are worth nothing. */
  flaws: string[];
  stop(): Promise<void>;
}

const START = { Restate: startRestate, DBOS: startDbos };
export const PEER_NAMES = Object.keys(START) as (keyof typeof START)[];

export const noPeers = (because: string): Peers => ({
  all: [],
  missing: Object.fromEntries(PEER_NAMES.map((name) => [name, because])),
  flaws: [],
  stop: () => Promise.resolve(),
});

export async function startPeers(system: System, run: string, say: (text: string) => void): Promise<Peers> {
  const folder = await peersInstalled(say).catch((error: unknown) => {
    if (error instanceof PeersMissing) return error;
    throw error;
  });
  if (folder instanceof PeersMissing) return noPeers(folder.message);
  const data = await DataDir.take(throwawayDir('engines'));
  const all: Peer[] = [];
  const missing: Record<string, string> = {};
  const flaws: string[] = [];
  const supervisors: Supervisor[] = [];
  const stop = async (): Promise<void> => {
    for (const supervisor of supervisors) await supervisor.close();
    data.release();
    data.remove();
  };
  try {
    for (const name of PEER_NAMES) {
      const supervisor = new Supervisor(data);
      supervisors.push(supervisor);
      supervisor.onEvent((event) => {
        if (event.type === 'died') flaws.push(`${event.name} died (${event.cause}): what ${name} did is no figure`);
      });
      try {
        all.push(await START[name]({ system, supervisor, data, folder, run: `${name.toLowerCase()}-${run}` }));
      } catch (error) {
        if (!(error instanceof PeersMissing)) throw error;
        missing[name] = error.message;
      }
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { all, missing, flaws, stop };
}

const effectsEnv = ({ system }: Setting, database: string) => ({
  HELPDESK_URL: system.urls.helpdesk,
  HELPDESK_TOKEN: system.helpdeskToken('acme'),
  AUDIT_DATABASE_URL: database,
});

/** One node with its defaults: a replicated log of one copy, written through to the disk. */
async function startRestate(setting: Setting): Promise<Peer> {
  const { supervisor, folder, system } = setting;
  const program = restateServer(folder);
  const [ingress, endpoint, ports] = [await freePort(), await freePort(), await serverPorts()];
  const env = effectsEnv(setting, await peerDatabase(system, 'peer_restate'));
  const worker = await startProgram(supervisor, {
    ...{ name: 'restate-worker', folder, script: 'restate-worker.mjs' },
    env: { ...env, RESTATE_ENDPOINT_PORT: String(endpoint) },
  });
  await startServer(setting, program, { ...ports, ingress });
  const answer = await fetch(`http://127.0.0.1:${ports.admin}/deployments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uri: `http://127.0.0.1:${endpoint}` }),
  });
  if (!answer.ok) throw new Error(`Restate did not take the handlers: ${answer.status} ${await answer.text()}`);
  const port = await startProgram(supervisor, {
    ...{ name: 'restate-client', folder, script: 'restate.mjs' },
    env: {
      ...env,
      RESTATE_INGRESS_URL: `http://127.0.0.1:${ingress}`,
      RESTATE_WORKER_URL: `http://127.0.0.1:${worker}`,
    },
  });
  return new Peer({ name: 'Restate', port, run: setting.run, supervisor, asks: 'restate-client', system });
}

const serverPorts = async () => ({ admin: await freePort(), node: await freePort() });

async function startServer(
  { supervisor, data }: Setting,
  program: string,
  ports: { ingress: number; admin: number; node: number },
): Promise<void> {
  const dir = data.child('restate');
  const config = path.join(dir, 'restate.toml');
  const lines = [
    `node-name = "bench"`,
    `base-dir = "${path.join(dir, 'data')}"`,
    `bind-ip = "127.0.0.1"`,
    `bind-port = ${ports.node}`,
    `listen-mode = "tcp"`,
    `disable-telemetry = true`,
    `log-filter = "warn"`,
    `[ingress]\nbind-port = ${ports.ingress}`,
    `[admin]\nbind-port = ${ports.admin}\ndisable-web-ui = true`,
  ];
  fs.writeFileSync(config, `${lines.join('\n')}\n`);
  const answers = async (url: string) => (await fetch(url).catch(() => undefined))?.ok === true;
  await supervisor.start({
    name: 'restate-server',
    argv: [program, '--no-logo', '-c', config],
    env: { PATH: process.env['PATH'] ?? '' },
    cwd: dir,
    isReady: async (pid) =>
      ownsPort(pid, ports.admin) &&
      (await answers(`http://127.0.0.1:${ports.admin}/health`)) &&
      (await answers(`http://127.0.0.1:${ports.ingress}/restate/health`)),
  });
}

/** A library: the program that asks is the one that works. Its journal is a database of the same PostgreSQL. */
async function startDbos(setting: Setting): Promise<Peer> {
  const { supervisor, folder, system, run } = setting;
  const journal = await peerDatabase(system, 'peer_dbos_journal');
  const env = effectsEnv(setting, await peerDatabase(system, 'peer_dbos'));
  const port = await startProgram(supervisor, {
    ...{ name: 'dbos', folder, script: 'dbos.mjs' },
    env: { ...env, DBOS_SYSTEM_DATABASE_URL: journal },
  });
  return new Peer({ name: 'DBOS', port, run, supervisor, asks: undefined, system });
}

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { repoRoot } from '@countersign/embedded/places';

/** Why a peer is not there, and what to do about it, in one line that begins with a code. */
export class PeersMissing extends Error {}

const INSTALL_MS = 300_000;
const QUIET = ['--no-audit', '--no-fund', '--loglevel=error'];
/** Once more and no more: whoever is offline hears it in seconds. */
const RETRIES = ['--fetch-retries=1', '--fetch-retry-mintimeout=1000'];
const HOW = ['ci', '--ignore-scripts', ...QUIET, ...RETRIES];

export const peersSource = (): string => path.join(repoRoot(), 'benchmarks/peers');
/** Ignored by git; nothing in it is part of what is shipped. */
const peersFolder = (): string => path.join(repoRoot(), '.tools/peers');

/**
 * The folder with the peers' packages and programs. They are installed the first time, from the lock in benchmarks/peers.
 *
 * @throws PeersMissing when they can't be
 */
export async function peersInstalled(
  say: (text: string) => void,
  { folder = peersFolder(), env = process.env } = {},
): Promise<string> {
  const source = peersSource();
  const lock = fs.readFileSync(path.join(source, 'package-lock.json'));
  const wanted = createHash('sha256').update(lock).digest('hex');
  const mark = path.join(folder, 'complete');
  fs.mkdirSync(folder, { recursive: true });
  if (!fs.existsSync(mark) || fs.readFileSync(mark, 'utf8') !== wanted) {
    fs.rmSync(mark, { force: true });
    for (const name of ['package.json', 'package-lock.json'])
      fs.copyFileSync(path.join(source, name), path.join(folder, name));
    say('installing the peers (Restate, DBOS) into .tools/peers: 240 MB');
    await install(folder, env);
    fs.writeFileSync(mark, wanted);
  }
  // They run beside their packages: Node looks for those from where a program is.
  for (const name of fs.readdirSync(source).filter((file) => file.endsWith('.mjs')))
    fs.copyFileSync(path.join(source, name), path.join(folder, name));
  return folder;
}

async function install(folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  const npm = spawn('npm', HOW, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'], timeout: INSTALL_MS });
  let printed = '';
  npm.stderr.on('data', (chunk) => (printed += String(chunk)));
  const status = await new Promise<number | string>((resolve) => {
    npm.once('error', (error) => resolve(error.message));
    npm.once('close', (code, signal) => resolve(code ?? signal ?? 'no exit code'));
  });
  if (status === 0) return;
  const because = /npm error code (\w+)/.exec(printed)?.[1] ?? status;
  throw new PeersMissing(
    `PEERS_NOT_INSTALLED: npm ci of benchmarks/peers failed (${because}); make the npm registry reachable and run npm run bench again`,
  );
}

/** Restate's server is a program of its own for each platform. */
export function restateServer(folder: string): string {
  const program = path.join(
    folder,
    `node_modules/@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`,
  );
  if (fs.existsSync(program)) return program;
  throw new PeersMissing(
    `RESTATE_NOT_AVAILABLE: npm has no restate-server for ${process.platform}-${process.arch}; run the bench on Linux or macOS`,
  );
}

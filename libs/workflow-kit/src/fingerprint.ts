/*
 * What a release is of. One value says how a workflow behaves; what was tried under one is not what runs under another. It covers
 * 1. the built files of its package, but for what only tries them: specs, cases of rules, evals;
 * 2. its locked dependencies: every package they resolve to, all the way down, by name and version; of one that is linked, and so has
 *    no version that says what is in it, the built files;
 * 3. the model it runs with and where that is asked. Its parameters stand in the package.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { jcs, type Json } from '@countersign/contracts';

/** What besides the package's files decides how a workflow behaves: the resolved model. */
export interface ModelSettings {
  model: string;
  baseUrl: string;
}

/**
 * SHA-256, in hex, over all of that for the package in the folder `root`. The stand-in's base URL is the constant `stand-in`, since its
 * port is drawn anew at each start.
 *
 * @throws Error where the folder holds no package.json
 */
export function fingerprintOf(root: string, { model, baseUrl }: ModelSettings): string {
  const packages: Record<string, Json> = {};
  const { dependencies } = manifestOf(root);
  lock(realpathSync(root), dependencies, packages);
  const hash = createHash('sha256');
  hash.update(jcs({ packages, model, baseUrl: model === 'stand-in' ? 'stand-in' : baseUrl }));
  hashFiles(hash, root);
  return hash.digest('hex');
}

type Hash = ReturnType<typeof createHash>;

function hashFiles(hash: Hash, root: string): void {
  for (const file of builtFiles(root)) hash.update(`\n${file}\n`).update(readFileSync(path.join(root, file)));
}

const TRIES = /(\.spec|\.spec-support|\.fixture)\.js$|\.cases\.ya?ml$|^evals\/.*\.ya?ml$/;
/** What no process loads. A prompt may be a file of any kind, so all else counts. */
const UNLOADED = /\.(ts|mts|cts|map|tsbuildinfo)$|^(README|LICENSE|CHANGELOG)[^/]*$/i;

function builtFiles(root: string): string[] {
  return filesBelow(root, existsSync(path.join(root, 'dist')) && manifestOf(root).isInDist ? 'dist' : '')
    .filter((file) => !TRIES.test(file) && !UNLOADED.test(file))
    .sort();
}

/** Never into `node_modules`, which may be a link that leads back here, nor into what is hidden. */
function filesBelow(root: string, folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = path.posix.join(folder, entry.name);
    if (entry.name === 'node_modules' || entry.name.startsWith('.')) return [];
    if (entry.isDirectory()) return filesBelow(root, name);
    return entry.isFile() ? [name] : [];
  });
}

interface Manifest {
  version: string;
  dependencies: string[];
  /** Whether all that it can be entered by lies in `dist`. */
  isInDist: boolean;
}

const SCRIPT = /"[^"]+\.[cm]?js"/g;

function manifestOf(root: string): Manifest {
  const text = readFileSync(path.join(root, 'package.json'), 'utf8');
  const manifest = JSON.parse(text) as Partial<Record<'dependencies' | 'peerDependencies' | 'exports', object>> & {
    version?: string;
    main?: string;
  };
  const { version = '', dependencies = {}, peerDependencies = {}, exports, main } = manifest;
  const entries = JSON.stringify({ exports, main }).match(SCRIPT) ?? [];
  const isInDist = entries.every((entry) => /^"(\.\/)?dist\//.test(entry));
  return { version, dependencies: Object.keys({ ...dependencies, ...peerDependencies }), isInDist };
}

/** Adds each package that these names lead to from a folder, and what those lead to. */
function lock(from: string, names: readonly string[], packages: Record<string, Json>): void {
  for (const name of names) {
    const folder = folderOf(from, name);
    // An optional one that is not there is as much a part of it as one that is.
    const key = folder === undefined ? name : folder.isLinked ? `${name} linked` : `${name}@${folder.manifest.version}`;
    if (key in packages) continue;
    packages[key] = folder?.isLinked ? contentOf(folder.root) : true;
    if (folder) lock(folder.root, folder.manifest.dependencies, packages);
  }
}

interface Found {
  root: string;
  manifest: Manifest;
  isLinked: boolean;
}

/** As Node looks for it: in the `node_modules` of this folder and of each above it. */
function folderOf(from: string, name: string): Found | undefined {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, 'node_modules', name);
    if (existsSync(path.join(candidate, 'package.json'))) {
      const root = realpathSync(candidate);
      return { root, manifest: manifestOf(root), isLinked: !root.split(path.sep).includes('node_modules') };
    }
    if (folder === path.dirname(folder)) return undefined;
  }
}

function contentOf(root: string): string {
  const hash = createHash('sha256');
  hashFiles(hash, root);
  return hash.digest('hex');
}

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { jcs, type Json } from '@countersign/contracts';
import type { Tool } from '@countersign/tool-sdk';
import { policyVersionOf, type Workflow } from './workflow.js';

export interface LoadedWorkflow {
  workflow: Workflow;
  policyVersion: string;
  fingerprint: string;
  /** Package name or folder it was loaded from. */
  from: string;
}

/** What besides the package's files decides how a workflow behaves: the resolved model. */
export interface ModelSettings {
  model: string;
  baseUrl: string;
}

/**
 * Loads the packages of `COUNTERSIGN_WORKFLOWS` (names, or folders that hold a package.json), each with a default export
 * made by `defineWorkflow`. Throws with the package's name and the way out when one does not fit.
 */
export async function loadWorkflows(
  packages: readonly string[],
  model: ModelSettings,
): Promise<Map<string, LoadedWorkflow>> {
  const loaded = new Map<string, LoadedWorkflow>();
  for (const from of packages) {
    const { root, entry } = locate(from, '.');
    const workflow = await defaultExport<Workflow>(entry, from);
    if (loaded.has(workflow.name))
      throw new Error(`two packages define the workflow ${workflow.name}; load one of them`);
    loaded.set(workflow.name, {
      workflow,
      policyVersion: policyVersionOf(workflow),
      fingerprint: fingerprintOf(root, model),
      from,
    });
  }
  return loaded;
}

/** Loads the tools of the same packages, from their export `./tools`: `workflow/tool` → tool. Only the executor does this. */
export async function loadTools(packages: readonly string[]): Promise<Map<string, Tool>> {
  const loaded = new Map<string, Tool>();
  for (const from of packages) {
    const workflow = await defaultExport<Workflow>(locate(from, '.').entry, from);
    const tools = await defaultExport<readonly Tool[]>(locate(from, './tools').entry, from);
    for (const contract of workflow.tools) {
      const tool = tools.find((candidate) => candidate.contract.name === contract.name);
      if (!tool) throw new Error(`${from}/tools has no implementation of ${contract.name}; export it there`);
      if (tool.contract !== contract) throw new Error(`${from}/tools implements another contract of ${contract.name}`);
      loaded.set(`${workflow.name}/${contract.name}`, tool);
    }
  }
  return loaded;
}

/**
 * SHA-256 over the package's built files, its declared dependencies and the model it runs with. The stand-in's base URL is
 * the constant `stand-in`, since its port is drawn anew at each start.
 */
export function fingerprintOf(root: string, { model, baseUrl }: ModelSettings): string {
  const hash = createHash('sha256');
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Record<string, Json>;
  hash.update(
    jcs({ dependencies: manifest['dependencies'] ?? {}, model, baseUrl: model === 'stand-in' ? 'stand-in' : baseUrl }),
  );
  for (const file of builtFiles(root)) hash.update(`\n${file}\n`).update(readFileSync(path.join(root, file)));
  return hash.digest('hex');
}

function builtFiles(root: string): string[] {
  const dist = existsSync(path.join(root, 'dist')) ? 'dist' : '.';
  return readdirSync(path.join(root, dist), { recursive: true, encoding: 'utf8' })
    .filter(
      (file) => /\.(m?js|json|ya?ml)$/.test(file) && !/(^|\/)node_modules\//.test(file) && !/\.spec\.js$/.test(file),
    )
    .map((file) => path.posix.join(dist, file.split(path.sep).join('/')))
    .sort();
}

function locate(from: string, subpath: '.' | './tools'): { root: string; entry: string } {
  const require = createRequire(path.join(process.cwd(), 'package.json'));
  const isFolder = from.startsWith('.') || from.startsWith('/') || from.startsWith('file:');
  const folder = isFolder ? path.resolve(from.startsWith('file:') ? fileURLToPath(from) : from) : undefined;
  try {
    const manifestFile = folder ? path.join(folder, 'package.json') : require.resolve(`${from}/package.json`);
    const root = path.dirname(manifestFile);
    const manifest = JSON.parse(readFileSync(manifestFile, 'utf8')) as {
      exports?: Record<string, { default?: string } | string>;
    };
    const target = manifest.exports?.[subpath];
    const file = typeof target === 'string' ? target : target?.default;
    if (!file) throw new Error(`it exports no "${subpath}"`);
    return { root, entry: path.join(root, file) };
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new Error(`COUNTERSIGN_WORKFLOWS: cannot load ${from}: ${why}. Install the package, or name its folder.`, {
      cause: error,
    });
  }
}

async function defaultExport<T>(entry: string, from: string): Promise<T> {
  const module = (await import(pathToFileURL(entry).href)) as { default?: T };
  if (!module.default)
    throw new Error(`COUNTERSIGN_WORKFLOWS: ${from} has no default export in ${path.basename(entry)}`);
  return module.default;
}

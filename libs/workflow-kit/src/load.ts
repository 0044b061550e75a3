import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { toolFlaws, type Directory, type Tool } from '@countersign/tool-sdk';
import { fingerprintOf, type ModelSettings } from './fingerprint.js';
import { toolsetFlaws } from './workflow-flaws.js';
import { defineWorkflow, policyVersionOf, type Workflow } from './workflow.js';

export interface LoadedWorkflow {
  workflow: Workflow;
  policyVersion: string;
  fingerprint: string;
  /** Package name or folder it was loaded from. */
  from: string;
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
    const workflow = defineWorkflow(await defaultExport<Workflow>(entry, from));
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

/** The folder of a package: where its package.json lies. Throws as `loadWorkflows` does. */
export const rootOf = (from: string): string => locate(from, '.').root;

/**
 * Loads the tools of the same packages, from their export `./tools`: `workflow/tool` → tool. Throws when one is missing or not
 * fit, whether `defineTool` made it or not. Only the executor does this.
 */
export async function loadTools(packages: readonly string[]): Promise<Map<string, Tool>> {
  const loaded = new Map<string, Tool>();
  for (const from of packages) {
    const workflow = await defaultExport<Workflow>(locate(from, '.').entry, from);
    const tools = implemented(
      from,
      workflow,
      await defaultExport<readonly Tool[]>(locate(from, './tools').entry, from),
    );
    const flaws = [...tools].flatMap(([name, tool]) => toolFlaws(tool).map((flaw) => `${name}: ${flaw}`));
    flaws.push(...toolsetFlaws(workflow, tools));
    if (flaws.length > 0) throw new Error(`${from}/tools is not fit: ${flaws.join('; ')}`);
    for (const [name, tool] of tools) loaded.set(`${workflow.name}/${name}`, tool);
  }
  return loaded;
}

function implemented(from: string, { tools: contracts }: Workflow, tools: readonly Tool[]): Map<string, Tool> {
  return new Map(
    contracts.map((contract) => {
      const tool = tools.find((candidate) => candidate.contract.name === contract.name);
      if (!tool) throw new Error(`${from}/tools has no implementation of ${contract.name}; export it there`);
      if (tool.contract !== contract) throw new Error(`${from}/tools implements another contract of ${contract.name}`);
      return [contract.name, tool];
    }),
  );
}

/**
 * Loads the directories of the same packages, the named export `directory` of `./tools`: workflow → directory. A package
 * without one has no entry. Only the executor does this.
 */
export async function loadDirectories(packages: readonly string[]): Promise<Map<string, Directory>> {
  const loaded = new Map<string, Directory>();
  for (const from of packages) {
    const { name } = await defaultExport<Workflow>(locate(from, '.').entry, from);
    const { directory } = await moduleAt<{ directory?: Directory }>(locate(from, './tools').entry);
    if (directory === undefined) continue;
    if (typeof directory !== 'function') throw new Error(`${from}/tools exports a directory that is no function`);
    loaded.set(name, directory);
  }
  return loaded;
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
  const module = await moduleAt<{ default?: T }>(entry);
  if (!module.default)
    throw new Error(`COUNTERSIGN_WORKFLOWS: ${from} has no default export in ${path.basename(entry)}`);
  return module.default;
}

const moduleAt = async <T>(entry: string): Promise<T> => (await import(pathToFileURL(entry).href)) as T;

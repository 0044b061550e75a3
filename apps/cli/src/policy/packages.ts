import { loadWorkflows, rootOf, type LoadedWorkflow } from '@countersign/workflow-kit';
import { CliError, EXIT } from '../errors.js';

export type LoadedPackage = LoadedWorkflow & { root: string };

/** Rules are the same whatever model a workflow runs with. */
const NO_MODEL = { model: 'stand-in', baseUrl: '' };

/** The packages that were named, else those the services load. */
export function packagesOf(given: readonly string[]): string[] {
  if (given.length > 0) return [...given];
  const setting = process.env['COUNTERSIGN_WORKFLOWS'] || '@countersign/support-desk';
  return setting
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
}

/** Loads a package as the services load it: as it was built. Throws in one line, with the way out. */
export async function loadPackage(from: string): Promise<LoadedPackage> {
  try {
    const root = rootOf(from);
    const [loaded] = (await loadWorkflows([from], NO_MODEL)).values();
    return { ...loaded!, root };
  } catch (error) {
    throw incomplete(`${from} does not load`, error, 'Build it and correct what stands above; nothing was tried.');
  }
}

/** What keeps an evaluation from being whole, in one line. */
export function incomplete(what: string, error: unknown, nextStep: string): CliError {
  const [why = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return new CliError(`${what}: ${why.replace(/^COUNTERSIGN_WORKFLOWS: /, '')}`, EXIT.incomplete, nextStep);
}

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { rootOf } from '@countersign/workflow-kit';
import { WrongUsage } from './options.js';

/**
 * Which packages are touched between a commit and what lies here: of a package in an Nx workspace by itself or by what it depends on
 * (`nx show projects --affected`), of a folder elsewhere by its own files.
 *
 * @throws WrongUsage where git does not know the commit
 */
export function touchedSince(ref: string, packages: readonly string[]): string[] {
  const named = packages.map((from) => ({ from, root: rootOf(from) }));
  const affected = new Map<string, ReadonlySet<string>>();
  return named
    .filter(({ root }) => {
      const workspace = workspaceOf(root);
      if (!workspace) return hasOwnChange(ref, root);
      if (!affected.has(workspace)) affected.set(workspace, affectedIn(workspace, ref));
      return affected.get(workspace)!.has(nameOf(root));
    })
    .map(({ from }) => from);
}

/** The nearest folder above that is an Nx workspace. */
function workspaceOf(folder: string): string | undefined {
  if (existsSync(path.join(folder, 'nx.json'))) return folder;
  const above = path.dirname(folder);
  return above === folder ? undefined : workspaceOf(above);
}

const nameOf = (root: string): string =>
  (JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { name: string }).name;

function affectedIn(workspace: string, ref: string): Set<string> {
  const commit = commitAt(ref, workspace);
  const nx = path.join(workspace, 'node_modules', '.bin', 'nx');
  const list = asked(nx, ['show', 'projects', '--affected', '--base', commit, '--json'], workspace);
  return new Set(JSON.parse(list) as string[]);
}

function hasOwnChange(ref: string, root: string): boolean {
  const changed = asked('git', ['diff', '--name-only', commitAt(ref, root), '--', '.'], root);
  return `${changed}${asked('git', ['ls-files', '--others', '--exclude-standard', '--', '.'], root)}`.trim() !== '';
}

const commitAt = (ref: string, cwd: string): string =>
  asked('git', ['rev-parse', '--verify', '--end-of-options', `${ref}^{commit}`], cwd).trim();

function asked(program: string, args: string[], cwd: string): string {
  try {
    const env = { ...process.env, NX_DAEMON: 'false' };
    return execFileSync(program, args, {
      cwd,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 1 << 26,
    });
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim() || (error as Error).message;
    throw new WrongUsage(`what is touched cannot be told: ${path.basename(program)} ${args.join(' ')}: ${said}`);
  }
}

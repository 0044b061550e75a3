// @ts-check
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A prerequisite that is missing, and how to get it. */
export class Missing extends Error {}

const REQUIREMENTS = path.join(import.meta.dirname, 'requirements.txt');

/** The one that is named, or was made before; undefined where neither is. @returns {string | undefined} */
export function madeBefore() {
  const folder = folderOf();
  const made = fs.existsSync(path.join(folder, 'complete')) ? path.join(folder, 'bin', 'python') : undefined;
  return process.env['AGENTDOJO_PYTHON'] ?? made;
}

function folderOf() {
  const wanted = createHash('sha256').update(fs.readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const cache = process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache');
  return path.join(cache, 'countersign', `agentdojo-${wanted}`);
}

/**
 * A Python with AgentDojo: the one that AGENTDOJO_PYTHON names, else of an environment made once in the cache folder, outside the repository.
 *
 * @param {(line: string) => void} say @returns {string}
 */
export function pythonWithAgentDojo(say) {
  const known = madeBefore();
  if (known) return known;
  const folder = folderOf();
  const python = path.join(folder, 'bin', 'python');
  const found = ['python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3'].find(isFit);
  if (!found)
    throw new Missing('Python 3.10 or newer is missing; get it from your system, or name one in AGENTDOJO_PYTHON.');
  say(`making a Python environment with AgentDojo in ${folder}`);
  try {
    execFileSync(found, ['-m', 'venv', '--clear', folder], { stdio: ['ignore', 'ignore', 'inherit'] });
    execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', REQUIREMENTS], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  } catch (error) {
    throw new Missing(
      `agentdojo could not be installed (${/** @type {Error} */ (error).message.split('\n')[0]}); PyPI has to be reachable.`,
    );
  }
  fs.writeFileSync(path.join(folder, 'complete'), '');
  return python;
}

/** @param {string} python */
const isFit = (python) =>
  spawnSync(python, ['-c', 'import sys, venv; sys.exit(sys.version_info < (3, 10))'], { stdio: 'ignore' }).status === 0;

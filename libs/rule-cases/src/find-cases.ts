import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseCaseFile, type CaseFile } from './case-file.js';

/** A case file and where it lies in its package. */
export interface FoundCases extends CaseFile {
  file: string;
}

const SUFFIX = '.cases.yaml';

/**
 * All case files of a workflow package, by name: wherever they lie below its package.json. `dist` is looked into only where
 * there are none beside it, so that a package shipped without its sources keeps its cases, and a copy is never run twice.
 * Throws with file and place of what does not fit, and where two cases have one title.
 */
export function findCases(root: string): FoundCases[] {
  const all = filesBelow(root, '').sort();
  const own = all.filter((file) => !isBuilt(file));
  const found = (own.length > 0 ? own : all).map((file) => ({
    file,
    ...parseCaseFile(readFileSync(path.join(root, file), 'utf8'), file),
  }));
  const titles = found.flatMap(({ cases }) => cases.map(({ title }) => title));
  const twice = titles.find((title, at) => titles.indexOf(title) !== at);
  if (twice !== undefined) throw new Error(`two cases of this package are titled "${twice}"; give one another title`);
  return found;
}

const isBuilt = (file: string) => file.startsWith('dist/');

/** Never into `node_modules`, which may be a link that leads back here. */
function filesBelow(root: string, folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesBelow(root, name);
    return entry.isFile() && name.endsWith(SUFFIX) ? [name] : [];
  });
}

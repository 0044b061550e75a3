import fs from 'node:fs';
import path from 'node:path';

/** The workspace's folder: the nearest one above this file that holds `nx.json`. */
export function repoRoot(from = import.meta.dirname): string {
  if (fs.existsSync(path.join(from, 'nx.json'))) return from;
  const up = path.dirname(from);
  if (up === from) throw new Error('No nx.json above the embedded engines: run from a checkout of the workspace');
  return repoRoot(up);
}

/** The ignored folder in the workspace that holds what can be made again. */
export const cacheDir = (): string => path.join(repoRoot(), '.countersign');

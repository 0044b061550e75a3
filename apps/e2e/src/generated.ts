import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const CLI = path.resolve(import.meta.dirname, '../../cli/dist/main.js');
/** Less than a scripted model thinks, so that what was read has to be read again. */
const FRESH_MS = 400;

export interface Generated {
  name: string;
  folder: string;
  remove(): void;
}

/** A workflow as `countersign workflow new` writes it, with one figure changed as its author would. */
export function generateWorkflow(name = 'parcel-desk'): Generated {
  const parent = mkdtempSync(path.join(tmpdir(), 'countersign-workflow-'));
  const folder = path.join(parent, name);
  execFileSync(process.execPath, [CLI, 'workflow', 'new', name, '--dir', folder], { stdio: 'pipe' });
  const sources = path.join(folder, 'sources.js');
  const written = readFileSync(sources, 'utf8');
  const changed = written.replace(/freshForMs: [\d_]+/, `freshForMs: ${FRESH_MS}`);
  if (changed === written) throw new Error(`${sources} says nowhere how long a record is fresh`);
  writeFileSync(sources, changed);
  return { name, folder, remove: () => rmSync(parent, { recursive: true, force: true }) };
}

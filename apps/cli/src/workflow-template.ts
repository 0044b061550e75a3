import fs from 'node:fs';
import path from 'node:path';
import { repoRoot } from '@countersign/embedded';
import { CliError, EXIT } from './errors.js';

const TEMPLATE = path.resolve(import.meta.dirname, '../templates/workflow');
/** A package every workflow is made of. */
const KIT = '@countersign/workflow-kit';

/**
 * Writes the template, which is itself a workflow that runs, under another name into a folder that is empty or not there.
 * Throws with the way out when there is something in it.
 */
export function writeWorkflow(name: string, dir: string): { folder: string; files: string[] } {
  const folder = path.resolve(dir);
  if (fs.existsSync(folder) && fs.readdirSync(folder).length > 0)
    throw new CliError(`${folder} is not empty.`, EXIT.usage, 'Name another folder with --dir.');
  const files = templateFiles();
  for (const file of files) {
    const target = path.join(folder, file);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, named(name, fs.readFileSync(path.join(TEMPLATE, file), 'utf8')));
  }
  linkPackages(folder);
  return { folder, files: files.map((file) => path.join(folder, file)) };
}

function templateFiles(): string[] {
  return fs
    .readdirSync(TEMPLATE, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(TEMPLATE, path.join(entry.parentPath, entry.name)))
    .sort();
}

function named(name: string, text: string): string {
  const words = name.replaceAll('-', ' ');
  return text.replaceAll('ticket-desk', name).replaceAll('Ticket desk', words.charAt(0).toUpperCase() + words.slice(1));
}

/** A workflow runs on the very packages the services run on: where none lie above its folder, those of this Countersign are linked. */
export function linkPackages(folder: string): void {
  if (parentsOf(folder).some((parent) => fs.existsSync(path.join(parent, 'node_modules', KIT)))) return;
  fs.symlinkSync(path.join(repoRoot(), 'node_modules'), path.join(folder, 'node_modules'), 'junction');
}

const parentsOf = (folder: string): string[] =>
  path.dirname(folder) === folder ? [folder] : [folder, ...parentsOf(path.dirname(folder))];

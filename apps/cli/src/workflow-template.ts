import fs from 'node:fs';
import path from 'node:path';
import { repoRoot } from '@countersign/embedded/places';
import { CliError, EXIT } from './errors.js';

const TEMPLATES = path.resolve(import.meta.dirname, '../templates');
/** A package every workflow is made of. */
const KIT = '@countersign/workflow-kit';

/**
 * Writes the template, which is itself a workflow that runs, under another name into a folder that is empty or not there.
 * Throws with the way out when there is something in it.
 */
export function writeWorkflow(name: string, dir: string): { folder: string; files: string[] } {
  const folder = path.resolve(dir);
  refuseFull(folder, 'is not empty.');
  const files = fromTemplate('workflow', { 'ticket-desk': name, 'Ticket desk': titleOf(name) });
  writePackage(folder, files);
  return { folder, files: Object.keys(files).map((file) => path.join(folder, file)) };
}

/** Throws where something lies in a folder. */
export function refuseFull(folder: string, because: string): void {
  if (fs.existsSync(folder) && fs.readdirSync(folder).length > 0)
    throw new CliError(`${folder} ${because}`, EXIT.usage, 'Name another folder with --dir.');
}

/** The files of a template by their paths in it, each of `words` in paths and texts replaced by what stands for it. */
export function fromTemplate(template: string, words: Readonly<Record<string, string>>): Record<string, string> {
  const root = path.join(TEMPLATES, template);
  const replaced = (text: string) =>
    Object.entries(words).reduce((said, [word, stands]) => said.replaceAll(word, () => stands), text);
  const files = fs
    .readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort();
  return Object.fromEntries(
    files.map((file) => [replaced(file), replaced(fs.readFileSync(path.join(root, file), 'utf8'))]),
  );
}

/** Writes a package that runs where it lies. */
export function writePackage(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) {
    const target = path.join(folder, file);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, text);
  }
  linkPackages(folder);
}

export function titleOf(name: string): string {
  const words = name.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A workflow runs on the very packages the services run on: where none lie above its folder, those of this Countersign are linked. */
function linkPackages(folder: string): void {
  if (parentsOf(folder).some((parent) => fs.existsSync(path.join(parent, 'node_modules', KIT)))) return;
  fs.symlinkSync(path.join(repoRoot(), 'node_modules'), path.join(folder, 'node_modules'), 'junction');
}

const parentsOf = (folder: string): string[] =>
  path.dirname(folder) === folder ? [folder] : [folder, ...parentsOf(path.dirname(folder))];

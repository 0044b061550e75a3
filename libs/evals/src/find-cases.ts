import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { jcs } from '@countersign/contracts';
import { parseEvalFile, type EvalCase } from './case-file.js';

/** A case, and where it stands. */
export interface FoundCase extends EvalCase {
  id: string;
  workflow: string;
  /** In its package, such as `evals/refunds.evals.yaml`. */
  file: string;
  /** Of its title; 0 where the case is made, not written. */
  line: number;
}

/** A file and what stands in it. */
export interface CaseText {
  file: string;
  text: string;
}

const FOLDER = 'evals';
const SUFFIX = '.evals.yaml';

/** What a case is called in reports, by `--case` and by incidents. */
export const caseIdOf = ({ file, title }: { file: string; title: string }): string => `${file}#${title}`;

/**
 * All cases of a workflow package, by file and place in it. Throws with file and line of what does not fit, and where two cases have one
 * title. None at all is no flaw here: a run without cases is not green (verdict.ts).
 */
export function findEvals(packageRoot: string): FoundCase[] {
  const found = evalFilesOf(packageRoot).flatMap(({ file, text }) => casesOf(text, file));
  const titles = new Set<string>();
  for (const { title, file, line } of found) {
    if (titles.has(title)) throw new Error(`${file}, line ${line}: another case of this package is titled "${title}"`);
    titles.add(title);
  }
  return found;
}

export function casesOf(text: string, file: string): FoundCase[] {
  const { content, lineOf } = parseEvalFile(text, file);
  return content.cases.map((one, at) => ({
    ...one,
    ...{ id: caseIdOf({ file, title: one.title }), workflow: content.workflow, file },
    line: lineOf(['cases', at, 'title']),
  }));
}

/** The files of cases in a package, in order of their names; they lie in `evals/`, however deep. */
export function evalFilesOf(packageRoot: string): CaseText[] {
  return filesBelow(packageRoot, FOLDER)
    .sort()
    .map((file) => ({ file, text: readFileSync(path.join(packageRoot, file), 'utf8') }));
}

/** Digest of which cases there were: of every byte of their files, whatever the order they are given in. */
export function casesDigest(files: readonly CaseText[]): string {
  const listed = files.map(({ file, text }) => [file, sha256(text)]).sort(([a], [b]) => (a! < b! ? -1 : 1));
  return `sha256:${sha256(jcs(listed))}`;
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

function filesBelow(root: string, folder: string): string[] {
  let entries;
  try {
    entries = readdirSync(path.join(root, folder), { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return entries.flatMap((entry) => {
    const name = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesBelow(root, name);
    return entry.isFile() && name.endsWith(SUFFIX) ? [name] : [];
  });
}

import fs from 'node:fs';
import path from 'node:path';
import {
  importTools,
  readToolsFile,
  samplesIn,
  writeSamples,
  writeToolsFile,
  type Declaration,
  type Imported,
  type ImportedTool,
  type ToolsFile,
} from '@countersign/mcp-tools';
import type { ServerPlace } from '@countersign/mcp-tools/client';
import { CliError, EXIT } from './errors.js';
import { fromTemplate, refuseFull, titleOf, writePackage } from './workflow-template.js';

const SAMPLES = 'evals/samples.yaml';

export interface ToImport {
  name: string;
  dir: string;
  role: readonly string[];
  approver: readonly string[];
  update?: boolean;
  place: ServerPlace;
  server: { name: string; version: string };
  declared: readonly Declaration[];
}

export interface Drift {
  name: string;
  what: 'changed' | 'new' | 'gone';
}

export interface ImportedPackage {
  folder: string;
  /** What was written now. */
  files: string[];
  tools: { name: string; effect: string; callers: readonly string[] }[];
  left: Imported['left'];
  /** What the server declares otherwise than it was reviewed. */
  drift: Drift[];
  start: string;
}

/**
 * Writes a package for a server's tools into a folder that is empty or not there; one that is there is held against what the server declares
 * now, and with `update` takes that over: what somebody reviewed of an unchanged tool stays.
 */
export function importPackage(to: ToImport): ImportedPackage {
  const folder = path.resolve(to.dir);
  const toolsFile = path.join(folder, 'tools.yaml');
  const fresh = importTools(to.name, to.server, to.declared);
  if (Object.keys(fresh.file.tools).length === 0)
    throw new CliError('The server declares no tool that can be governed.', EXIT.unexpected, said(fresh.left));
  if (fs.existsSync(toolsFile)) return reviewedBefore(to, folder, toolsFile, fresh);
  refuseFull(folder, 'is not empty, and holds no tools.yaml.');
  const files = {
    ...codeOf(to),
    [SAMPLES]: writeSamples(to.name, fresh.file),
    'tools.yaml': writeToolsFile(fresh.file, fresh.reasons),
  };
  writePackage(folder, files);
  return told(to, folder, Object.keys(files), fresh.file, fresh.left, []);
}

const said = (left: Imported['left']) =>
  left.length > 0
    ? left.map(({ remote, because }) => `${remote}: ${because}`).join('; ')
    : 'Look whether it is the right one.';

function reviewedBefore(to: ToImport, folder: string, toolsFile: string, fresh: Imported): ImportedPackage {
  const before = readToolsFile(toolsFile);
  const names = new Map(Object.entries(before.tools).map(([name, { remote }]) => [remote, name]));
  const now = Object.entries(fresh.file.tools).map(
    ([name, tool]) => [names.get(tool.remote) ?? name, tool, fresh.reasons[name] ?? {}] as const,
  );
  const drift: Drift[] = [
    ...now.flatMap(([name, tool]): Drift[] => {
      const known = before.tools[name];
      if (!known) return [{ name, what: 'new' }];
      return known.declaration === tool.declaration ? [] : [{ name, what: 'changed' }];
    }),
    ...[...names.values()]
      .filter((name) => !now.some(([one]) => one === name))
      .map((name): Drift => ({ name, what: 'gone' })),
  ];
  if (!to.update || drift.length === 0) return told(to, folder, [], before, fresh.left, drift);
  const kept = (name: string, tool: ImportedTool) =>
    before.tools[name]?.declaration === tool.declaration ? before.tools[name] : tool;
  const file: ToolsFile = {
    ...before,
    server: fresh.file.server,
    tools: Object.fromEntries(now.map(([name, tool]) => [name, kept(name, tool)])),
  };
  const changed = new Set(drift.map(({ name }) => name));
  const reasons = Object.fromEntries(now.filter(([name]) => changed.has(name)).map(([name, , why]) => [name, why]));
  fs.writeFileSync(toolsFile, writeToolsFile(file, reasons));
  const samples = path.join(folder, SAMPLES);
  const unchanged = now.flatMap(([name]) => (changed.has(name) ? [] : [name]));
  const stay = fs.existsSync(samples) ? samplesIn(fs.readFileSync(samples, 'utf8'), unchanged) : {};
  fs.writeFileSync(samples, writeSamples(to.name, file, stay));
  return told(to, folder, ['tools.yaml', SAMPLES], file, fresh.left, drift);
}

function told(
  { place, name }: ToImport,
  folder: string,
  files: string[],
  { tools }: ToolsFile,
  left: Imported['left'],
  drift: Drift[],
): ImportedPackage {
  const target = 'url' in place ? `mcp+${place.url}` : place;
  const start = `COUNTERSIGN_WORKFLOWS=@countersign/support-desk,${folder} COUNTERSIGN_TARGETS='${JSON.stringify({ [name]: target })}' npm start`;
  const list = Object.entries(tools).map(([one, { effect, permissions }]) => ({
    name: one,
    effect,
    callers: permissions.roles,
  }));
  return { folder, files, tools: list, left, drift, start };
}

/** As code: whoever names a role cannot say anything else by it. */
const listed = (words: readonly string[]) => words.map((word) => JSON.stringify(word)).join(', ');

/** The rest of the package. Nothing a server said stands in it. */
const codeOf = ({ name, role, approver }: ToImport): Record<string, string> =>
  fromTemplate('imported', {
    'imported-tools': name,
    'Imported tools': titleOf(name),
    "'who-may-start-it'": listed(role),
    "'who-decides'": listed(approver),
  });

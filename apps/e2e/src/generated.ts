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

/** What an author changes of a file: a pattern that stands in it, and what comes in its place. */
export type Change = [file: string, pattern: RegExp, by: string];

/** A workflow as `countersign workflow new` writes it, with figures changed as its author would. */
export function generateWorkflow(name = 'parcel-desk', ...changes: Change[]): Generated {
  const parent = mkdtempSync(path.join(tmpdir(), 'countersign-workflow-'));
  const folder = path.join(parent, name);
  execFileSync(process.execPath, [CLI, 'workflow', 'new', name, '--dir', folder], { stdio: 'pipe' });
  const fresh: Change = ['sources.js', /freshForMs: [\d_]+/, `freshForMs: ${FRESH_MS}`];
  for (const [name, pattern, by] of [fresh, ...changes]) {
    const file = path.join(folder, name);
    const written = readFileSync(file, 'utf8');
    if (!pattern.test(written)) throw new Error(`${file} does not say ${pattern.source}`);
    writeFileSync(file, written.replace(pattern, by));
  }
  return { name, folder, remove: () => rmSync(parent, { recursive: true, force: true }) };
}

const LIMITS = /limits: \{.*\},/;
const BUDGETS = /budgets: \[.*\],/;
const ONE_RECORD: Change = ['workflow.js', LIMITS, 'limits: { amountPerAction: {}, recordsPerAction: 1 },'];
const budgets = (...these: string[]): Change => ['workflow.js', BUDGETS, `budgets: [${these.join(', ')}],`];

/** Approvals of it expire after two seconds. */
export const hastyDesk = (): Generated =>
  generateWorkflow('hasty-desk', ['workflow.js', /expiresInMs: [\d_]+/, 'expiresInMs: 2_000'], ONE_RECORD, budgets());

export const DOUBTFUL = 'doubtful-desk';
/** Its target keeps no keys and cannot be asked: a ticket whose answer is lost is in doubt. */
export const doubtfulDesk = (): Generated =>
  generateWorkflow(
    DOUBTFUL,
    ['contracts.js', /class: 'A'/, "class: 'D'"],
    ['tools.js', /  async lookup\([^]*?\n  \},\n/, ''],
    ONE_RECORD,
    budgets(),
  );

/** What one user, one tenant and one tool may do on one day of the rationed desks. */
export const RATIONS = { user: 20, tenant: 50, tool: 30 } as const;
const ration = (per: keyof typeof RATIONS) => `{ name: 'per-${per}', per: '${per}', actionsPerDay: ${RATIONS[per]} }`;

/** One desk with budgets per user and tenant, one with a budget per tool. */
export const rationedDesks = (): Generated[] => [
  generateWorkflow('rationed-desk', ONE_RECORD, budgets(ration('user'), ration('tenant'))),
  generateWorkflow('tooled-desk', ONE_RECORD, budgets(ration('tool'))),
];

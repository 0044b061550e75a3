import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Problem } from '@countersign/contracts';
import { segment, type Api } from '../api.js';
import { connect, optionsOf, show } from '../context.js';
import { ApiError, CliError, EXIT } from '../errors.js';
import { fields, note, table } from '../output.js';
import { differenceText, itemText, type Change, type Item } from './approval-text.js';

export type Decision = 'approve' | 'reject';
interface DecideOptions {
  reason: string;
  hash?: string;
}
interface EditOptions extends DecideOptions {
  set: [name: string, text: string][];
  arguments?: string;
}
interface LeaseOptions {
  for?: number;
  release?: boolean;
  to: string;
  reason: string;
}
type OfBatch = { approvalId: string; status: string; problem?: Partial<Problem> };

const path = (id: string) => `/v1/approvals/${segment(id)}`;
export const itemOf = (api: Api, id: string) => api.call<Item>(path(id));

/** Whoever may not decide an item sees how it stands, not what would be decided. */
function notTheirs(id: string): CliError {
  const nextStep = 'Ask somebody who has one of the roles that decide it.';
  return new CliError(`PERMISSION_DENIED: ${id} is not yours to decide.`, EXIT.denied, nextStep);
}

export async function decide(ids: string[], decision: Decision, command: Command): Promise<void> {
  const { reason, hash } = optionsOf<DecideOptions>(command);
  const [id, ...more] = ids as [string, ...string[]];
  if (more.length > 0 && hash !== undefined)
    throw new CliError('--hash is of one item.', EXIT.usage, 'Leave it out, or decide the items one by one.');
  const api = await connect(command);
  if (more.length > 0) return decideAll(api, ids, { decision, reason }, command);
  const actionHash = hash ?? (await itemOf(api, id)).actionHash;
  if (actionHash === undefined) throw notTheirs(id);
  await answer(api, id, { decision, actionHash, reason }, command);
}

/** Each item bound to its own hash, as it is now. */
async function decideAll(api: Api, ids: string[], said: { decision: Decision; reason: string }, command: Command) {
  const items = await Promise.all(
    ids.map(async (id) => {
      const { approvalId, actionHash } = await itemOf(api, id);
      if (actionHash === undefined) throw notTheirs(id);
      return { approvalId, actionHash };
    }),
  );
  const body = { ...said, items };
  const batch = await api.call<{ results: OfBatch[] }>('/v1/approvals/decisions', { method: 'POST', body });
  show(command, batch, ({ results }) =>
    table(
      ['approval', 'result', 'code', 'detail'],
      results.map(({ approvalId, status, problem }) => [approvalId, status, problem?.code, problem?.detail]),
    ),
  );
  const refused = batch.results.flatMap(({ problem }) => (problem ? [problem] : []));
  if (refused.length === 0) return;
  const denied = refused.some(({ status }) => status === 401 || status === 403);
  const exit = denied ? EXIT.denied : EXIT.unexpected;
  throw new CliError(`${refused.length} of ${ids.length} were refused.`, exit, refused[0]?.nextStep);
}

export async function edit(id: string, command: Command): Promise<void> {
  const { reason, hash, set, arguments: file } = optionsOf<EditOptions>(command);
  if ((file === undefined) === (set.length === 0))
    throw new CliError('Say what is to change: --set NAME=VALUE, or --arguments FILE.', EXIT.usage);
  const api = await connect(command);
  const item = await itemOf(api, id);
  const actionHash = hash ?? item.actionHash;
  if (item.arguments === undefined || actionHash === undefined) throw notTheirs(id);
  const given = file === undefined ? withChanges(item.arguments, set) : argumentsFrom(file);
  await answer(api, id, { decision: 'edit', actionHash, reason, arguments: given }, command);
}

async function answer(api: Api, id: string, body: object, command: Command): Promise<void> {
  try {
    const item = await api.call<Item>(`${path(id)}/decisions`, { method: 'POST', body });
    show(command, item, ({ approvalId, status, tool }) => fields({ approval: approvalId, status, tool }));
  } catch (error) {
    if (error instanceof ApiError) noteDifference(error);
    throw error;
  }
}

/** What was decided on is no more: what stands now, and how it differs. */
function noteDifference({ problem }: ApiError): void {
  const { difference, currentApprovalId } = problem as { difference?: Change[]; currentApprovalId?: string };
  if (currentApprovalId) note(`It is ${currentApprovalId} now.`);
  if (difference?.length) note(differenceText(difference));
}

/** The arguments with some replaced: each keeps the JSON type of the one it replaces, so that "500" never becomes 500. */
export function withChanges(before: Record<string, unknown>, changes: EditOptions['set']): Record<string, unknown> {
  const after = { ...before };
  for (const [name, text] of changes) after[name] = typed(name, text, before[name]);
  return after;
}

function typed(name: string, text: string, before: unknown): unknown {
  if (typeof before === 'string') return text;
  const value = jsonOf(text);
  // What is new has no type to keep: text, unless it reads as a number, a flag or a list.
  if (before === undefined || before === null) return value === undefined ? text : value;
  if (value !== undefined && kindOf(value) === kindOf(before)) return value;
  throw new CliError(`${name} is a ${kindOf(before)}: "${text}" is none.`, EXIT.usage, 'Write it as JSON.');
}

const kindOf = (value: unknown): string => (Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value);

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function argumentsFrom(file: string): Record<string, unknown> {
  const value = jsonOf(readText(file));
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  const nextStep = 'Give all arguments of the action, as `approvals show --json` has them.';
  throw new CliError(`${file === '-' ? 'What was read' : file} is no JSON object.`, EXIT.usage, nextStep);
}

function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new CliError(`${file} cannot be read: ${(error as Error).message}`, EXIT.usage);
  }
}

export async function claim(id: string, command: Command): Promise<void> {
  const { for: leaseSeconds, release } = optionsOf<LeaseOptions>(command);
  await lease(
    `${path(id)}/claim`,
    { ...(leaseSeconds ? { leaseSeconds } : {}), ...(release ? { release } : {}) },
    command,
  );
}

export async function delegate(id: string, command: Command): Promise<void> {
  const { for: leaseSeconds, to, reason } = optionsOf<LeaseOptions>(command);
  await lease(`${path(id)}/delegate`, { to, reason, ...(leaseSeconds ? { leaseSeconds } : {}) }, command);
}

async function lease(route: string, body: object, command: Command): Promise<void> {
  const api = await connect(command);
  show(command, await api.call<Item>(route, { method: 'POST', body }), itemText);
}

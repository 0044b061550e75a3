import type { GetV1ApprovalsIdResponses, GetV1ApprovalsResponses } from '../../api/generated/types.gen.js';
import { exactTime } from '../../ui/relative-time.js';
import { fieldName, recordName, toolName, valueText } from '../../ui/record-name.js';
import type { Tone } from '../../ui/tag.js';

export type Shown = GetV1ApprovalsIdResponses[200];
export type Whole = Extract<Shown, { actionHash: string }>;
export type Line = GetV1ApprovalsResponses[200]['data'][number];
export type Provenance = Whole['provenance'][string];
export interface Change {
  field: string;
  before?: unknown;
  after?: unknown;
}

/** What whoever may decide sees; the requester sees how it stands. */
export const isWhole = (item: Shown | Line): item is Whole => 'actionHash' in item;

/** What would happen, in a line: "Issue refund · 900.00 EUR · order ord_1004". */
export function headline(item: Pick<Shown, 'tool'> & Partial<Pick<Whole, 'blast' | 'recordsRead'>>): string {
  const { amount, affected = [] } = item.blast ?? {};
  const name = toolName(item.tool);
  const records = affected.map((id) => recordName(typed(item, id)));
  const which = records.length > 2 ? [`${records.slice(0, 2).join(', ')} and ${records.length - 2} more`] : records;
  const first = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return [first, ...(amount ? [`${amount.amount} ${amount.currency}`] : []), ...which].join(' · ');
}

function typed({ recordsRead = [] }: Partial<Pick<Whole, 'recordsRead'>>, id: string): { type?: string; id: string } {
  const read = recordsRead.find((record) => record.id === id);
  return read ? { type: read.type, id } : { id };
}

/** Those rules that asked for a person, with why. */
export const askingRules = (item: Pick<Whole, 'rules'>) => item.rules.filter(({ outcome }) => outcome === 'escalate');

/** Where a value comes from: "from helpdesk order ord_1001, version 7, 10:02:11". */
export function provenanceText(from: Provenance | undefined): string {
  if (!from) return 'where it comes from is not known';
  switch (from.origin) {
    case 'record': {
      const field = from.field ? `${fieldName(from.field)} of ` : '';
      const whose = from.trust === 'untrusted' ? 'not vouched for by the user: ' : '';
      return `${whose}from ${field}${recordName(from)}${from.at ? `, ${exactTime(from.at)}` : ''}`;
    }
    case 'user':
      return from.trust === 'untrusted' ? 'quoted by the user: not their own words' : "in the user's own words";
    case 'model':
      return "from the model alone: in no record that was read, and not in the user's words";
    case 'approver':
      return 'set by a person who edited it';
    default:
      return from.origin satisfies never;
  }
}

/** Whether a person should look twice, and the word for why. */
export function doubtOf(from: Provenance | undefined): string | undefined {
  if (!from) return 'unknown origin';
  if (from.origin === 'model') return 'model only';
  return from.trust === 'untrusted' ? 'not vouched for' : undefined;
}

const STATES: Record<Shown['status'], [Tone, string]> = {
  open: ['info', 'waiting'],
  decided: ['info', 'decided, being checked'],
  approved: ['good', 'approved'],
  denied: ['bad', 'denied'],
  expired: ['plain', 'expired'],
  superseded: ['plain', 'replaced'],
};
export const stateOf = ({ status }: Pick<Shown, 'status'>): [Tone, string] => STATES[status];

const BECAME: Record<string, [Tone, string]> = {
  committed: ['good', 'committed: it is done'],
  previewed: ['plain', 'previewed only'],
  drafted: ['plain', 'kept as a draft'],
  failed: ['bad', 'failed: it is not done'],
  blocked: ['bad', 'stopped before it was done'],
  denied: ['bad', 'denied: it is not done'],
  resolved: ['info', 'cleared up after a doubt'],
};

/** What became of the action itself. */
export function becameOf({ state, outcome }: { state?: string; outcome?: string }): [Tone, string] {
  if (state === 'in-doubt') return ['warn', 'in doubt'];
  if (state === 'waiting') return ['warn', 'not done: people are asked anew'];
  if (state !== 'ended') return ['info', 'being done'];
  return BECAME[outcome ?? ''] ?? ['warn', outcome ?? 'unknown'];
}

/**
 * The item that stands in the place of this one, if any does: it was edited or judged anew, or what it would do had changed when it
 * was to be done.
 */
export function standsInstead(
  { approvalId, status, supersededBy }: Pick<Shown, 'approvalId' | 'status' | 'supersededBy'>,
  action: { state?: string; approvalId?: string } | undefined,
): string | undefined {
  if (supersededBy) return supersededBy;
  const isAskedAnew = status === 'approved' && action?.state === 'waiting' && action.approvalId !== approvalId;
  return isAskedAnew ? action.approvalId : undefined;
}

/** How much time is left, in ms; undefined while a switch holds it. */
export function timeLeft({ expiresAt, paused }: Pick<Shown, 'expiresAt' | 'paused'>, now: number): number | undefined {
  return paused || expiresAt === null ? undefined : Date.parse(expiresAt) - now;
}

/** What ends first comes first; what stands still comes last. */
export const byUrgency = <T extends Pick<Shown, 'expiresAt' | 'paused' | 'openedAt'>>(items: readonly T[]): T[] =>
  [...items].sort((a, b) => endOf(a) - endOf(b) || a.openedAt.localeCompare(b.openedAt));
const endOf = ({ expiresAt, paused }: Pick<Shown, 'expiresAt' | 'paused'>) =>
  paused || expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(expiresAt);

/** What may be decided together: one tool and the same rules, all as they were. */
export const kindOf = (item: Whole): string =>
  JSON.stringify([
    ...[item.workflow, item.tool, item.toolVersion, item.policyVersion],
    [...new Set(askingRules(item).map(({ rule }) => rule))].sort(),
  ]);

/** What is different in `after` for somebody who saw `before`. */
export function changedSince(before: Whole, after: Whole): Change[] {
  const seen = ({ arguments: args, preview, toolVersion, policyVersion }: Whole) => ({
    ...prefixed('', args),
    ...prefixed('effect › ', (preview?.effect ?? {}) as Record<string, unknown>),
    ...prefixed('rests on › ', (preview?.basis ?? {}) as Record<string, unknown>),
    'tool version': toolVersion,
    'policy version': policyVersion,
  });
  const [old, now] = [seen(before) as Record<string, unknown>, seen(after) as Record<string, unknown>];
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  return names
    .filter((name) => JSON.stringify(old[name]) !== JSON.stringify(now[name]))
    .map((field) => ({ field, before: old[field] ?? null, after: now[field] ?? null }));
}

/** Who edited it since, if that is what made it another. */
export function editedSince(before: Pick<Whole, 'edits'>, after: Pick<Whole, 'edits'>): string | undefined {
  const [old, now] = [before.edits?.history ?? [], after.edits?.history ?? []];
  return now.length > old.length ? now.at(-1)?.by : undefined;
}

const prefixed = (prefix: string, fields: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [`${prefix}${fieldName(name)}`, value]));

interface ChangedRecord {
  system: string;
  type: string;
  id: string;
  version: string;
  before: unknown;
  after: unknown;
}

/** What a commit changed, record by record, as the executor saw it: the fields that are not as they were. */
export const changedRecords = (records: readonly ChangedRecord[]): { record: string; changes: Change[] }[] =>
  records.map(({ before, after, ...record }) => {
    const [old, now] = [before ?? {}, after ?? {}] as [Record<string, unknown>, Record<string, unknown>];
    const names = [...new Set([...Object.keys(old), ...Object.keys(now)])];
    const changes = names
      .map((field) => ({ field, before: old[field] ?? null, after: now[field] ?? null }))
      .filter(({ before, after }) => JSON.stringify(before) !== JSON.stringify(after));
    return { record: recordName(record), changes };
  });

/** What a preview says beside what changes: without the arguments, which stand above it. */
export const effectLines = (item: Whole): Change[] =>
  item.diff.filter(
    ({ field, before, after }) => before !== null || valueText(item.arguments[field]) !== valueText(after),
  );

import { isSealed, type ArgumentProvenance, type Json, type JsonObject } from '@countersign/contracts';
import type { ControlView } from '@countersign/control';
import {
  claimOf,
  expiryOf,
  isOpen,
  mayApproveOwnEdits,
  mayDecide,
  targetOf,
  type Escalated,
  type Item,
} from './state.js';

/** Who looks, when, and what stops it then. */
export interface Look {
  person: { sub: string; roles: string[] };
  now: Date;
  control: ControlView;
}

export interface Change {
  field: string;
  before: Json;
  after: Json;
}

/** With fields to look into. What is sealed has none: it is one value. */
const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isSealed(value);

/** Field by field, what differs between two JSON values; null stands for what is absent. */
export function changesBetween(before: Json, after: Json, path = ''): Change[] {
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return names.flatMap((name) =>
      changesBetween(before[name] ?? null, after[name] ?? null, path ? `${path}.${name}` : name),
    );
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ field: path || 'value', before, after }];
}

/**
 * What a preview's effect would change. Effects speak in pairs, `{ before, after }` or `xBefore` and `xAfter`; whatever else
 * they say is new with the action.
 */
export function diffOf(effect: Json, path = ''): Change[] {
  if (!isObject(effect)) return path ? [{ field: path, before: null, after: effect }] : [];
  if ('before' in effect && 'after' in effect)
    return [{ field: path || 'value', before: effect['before'] ?? null, after: effect['after'] ?? null }];
  return Object.entries(effect).flatMap(([name, value]) => {
    const field = path ? `${path}.${name}` : name;
    const stem = name.replace(/Before$/, '');
    if (stem !== name && `${stem}After` in effect) {
      return [{ field: path ? `${path}.${stem}` : stem, before: value, after: effect[`${stem}After`] ?? null }];
    }
    if (/After$/.test(name) && name.replace(/After$/, 'Before') in effect) return [];
    return diffOf(value, field);
  });
}

export interface Caution {
  argument: string;
  says: string;
}

/** Arguments that nothing vouches for, with why: a person is to look at these before all others. */
export function cautionsOf({ arguments: args, provenance }: Pick<Escalated, 'arguments' | 'provenance'>): Caution[] {
  const computed = Object.entries(provenance).flatMap(([argument, from]): Caution[] => {
    const says = cautionOf(from);
    return says === undefined ? [] : [{ argument, says }];
  });
  const known = Object.keys(provenance);
  const unknown = Object.keys(args).filter(
    (argument) => !known.some((path) => path === argument || path.startsWith(`${argument}.`)),
  );
  return [...computed, ...unknown.map((argument) => ({ argument, says: 'where it comes from is not known' }))];
}

function cautionOf({ origin, trust, system, type, id, field }: ArgumentProvenance): string | undefined {
  if (origin === 'model') return "from the model alone: no record that was read has it, and no words of the user's";
  if (trust !== 'untrusted') return undefined;
  const where = origin === 'record' && type ? `${field ?? 'a field'} of ${system} ${type} ${id}` : 'quoted text';
  return `a stranger's words: it stands only in ${where}`;
}

/** What is different in `after` for somebody who saw `before`. */
export function difference(before: Item | undefined, after: Item) {
  const seen = (item: Item | undefined): JsonObject => ({
    arguments: item?.escalated.arguments ?? null,
    effect: item?.escalated.preview?.effect ?? null,
    basis: item?.escalated.preview?.basis ?? null,
    tool: item ? `${item.escalated.tool}@${item.escalated.toolVersion}` : null,
    policyVersion: item?.escalated.policyVersion ?? null,
  });
  return before ? changesBetween(seen(before), seen(after)) : [];
}

/** Until when people have time. While a switch is on nobody knows; what is left of it stays. */
function timeOf(item: Item, { control, now }: Look) {
  const { progress, escalated } = item;
  const stopped = progress.tag === 'open' || progress.tag === 'decided' ? control.killedBy(targetOf(item)) : undefined;
  const expiresAt = expiryOf(item, control)?.toISOString() ?? null;
  if (!stopped) return { expiresAt: expiresAt ?? escalated.expiresAt };
  const left = control.remainingMs(escalated.decidedAt, escalated.expiresAt, targetOf(item), now);
  const { scope, by, reason, at } = stopped;
  const killed = { scope, since: at, ...(by ? { by } : {}), ...(reason ? { reason } : {}) };
  return { expiresAt, paused: true, remainingSeconds: Math.floor(left / 1000), killed };
}

/** What the requester may see: how it stands. */
export function statusView(item: Item, look: Look) {
  const { escalated, progress } = item;
  return {
    approvalId: item.approvalId,
    status: progress.tag,
    intentId: escalated.intentId,
    actionId: escalated.actionId,
    workflow: escalated.workflow,
    tool: escalated.tool,
    requestedBy: escalated.actor.sub,
    openedAt: item.openedAt,
    ...timeOf(item, look),
    ...(progress.tag === 'denied' ? { code: progress.code, detail: progress.detail } : {}),
    ...(progress.tag === 'superseded' && progress.by ? { supersededBy: progress.by } : {}),
  };
}

/** What people changed: from what was proposed, edit by edit, to what would be done now. */
function editsView(item: Item) {
  const { edits = [], arguments: effective } = item.escalated;
  const last = edits.at(-1);
  if (!last) return {};
  const proposed = edits[0]!.arguments;
  const history = edits.map(({ arguments: before, ...edit }, index) => {
    const after = edits[index + 1]?.arguments ?? effective;
    return { ...edit, before, after, difference: changesBetween(before, after) };
  });
  return {
    edits: { proposed, effective, difference: changesBetween(proposed, effective), history },
    editorMayApprove: mayApproveOwnEdits(item, last.by),
  };
}

/** What whoever may decide sees: the very fields the action hash was made over, and what surrounds them. */
export function itemView(item: Item, look: Look) {
  const { escalated } = item;
  const claim = claimOf(item, look.now);
  const status = statusView(item, look);
  return {
    ...status,
    revision: escalated.revision,
    toolVersion: escalated.toolVersion,
    actor: escalated.actor,
    arguments: escalated.arguments,
    provenance: escalated.provenance,
    cautions: cautionsOf(escalated),
    ...editsView(item),
    preview: escalated.preview ?? null,
    diff: escalated.preview ? diffOf(escalated.preview.effect) : [],
    recordsRead: escalated.recordsRead ?? [],
    rules: escalated.rules,
    blast: escalated.blast,
    policyVersion: escalated.policyVersion,
    approverRoles: escalated.approverRoles,
    approvalsNeeded: escalated.approvalsNeeded,
    actionHash: escalated.actionHash,
    decidable: isOpen(item, look.control, look.now) && !('paused' in status),
    decisions: item.decisions,
    ...(item.reopened ? { reopened: item.reopened } : {}),
    claim: claim ?? null,
    claimedByMe: claim?.by === look.person.sub,
  };
}

/** The whole item for those who may decide it, its status for who asked. */
export function viewFor(item: Item, look: Look) {
  return mayDecide(item, look.person) ? itemView(item, look) : statusView(item, look);
}

import type { Json, JsonObject } from '@countersign/contracts';
import { isDecidable, mayDecide, type Item } from './state.js';

export interface Change {
  field: string;
  before: Json;
  after: Json;
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

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

/** What a preview rests on: bases speak in pairs, `xId` and `xVersion`; whatever else they say is shown as it is. */
export function recordsOf(basis: JsonObject): { type: string; id: Json; version: Json }[] {
  return Object.entries(basis).flatMap(([name, value]) => {
    const type = name.replace(/(Id|Version)$/, '');
    const isPair = type !== name && `${type}Id` in basis && `${type}Version` in basis;
    if (!isPair) return [{ type: name, id: null, version: value }];
    return name.endsWith('Id') ? [{ type, id: value, version: basis[`${type}Version`] ?? null }] : [];
  });
}

/** What is different in `after` for somebody who saw `before`. */
export function difference(before: Item | undefined, after: Item) {
  const seen = (item: Item | undefined): JsonObject => ({
    arguments: item?.escalated.arguments ?? null,
    effect: item?.escalated.preview?.effect ?? null,
    basis: item?.escalated.preview?.basis ?? null,
    tool: item ? `${item.escalated.tool}@${item.escalated.toolVersion}` : null,
  });
  return before ? changesBetween(seen(before), seen(after)) : [];
}

/** What the requester may see: how it stands. */
export function statusView(item: Item) {
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
    expiresAt: escalated.expiresAt,
    ...(progress.tag === 'denied' ? { code: progress.code, detail: progress.detail } : {}),
    ...(progress.tag === 'superseded' ? { supersededBy: progress.by } : {}),
  };
}

/** What whoever may decide sees: the very fields the action hash was made over, and what surrounds them. */
export function itemView(item: Item, now: Date) {
  const { escalated } = item;
  return {
    ...statusView(item),
    revision: escalated.revision,
    toolVersion: escalated.toolVersion,
    actor: escalated.actor,
    arguments: escalated.arguments,
    provenance: escalated.provenance,
    preview: escalated.preview ?? null,
    diff: escalated.preview ? diffOf(escalated.preview.effect) : [],
    recordsRead: recordsOf(escalated.preview?.basis ?? {}),
    rules: escalated.rules,
    blast: escalated.blast,
    policyVersion: escalated.policyVersion,
    approverRoles: escalated.approverRoles,
    approvalsNeeded: escalated.approvalsNeeded,
    actionHash: escalated.actionHash,
    decidable: isDecidable(item, now),
    decisions: item.decisions,
    ...(item.reopened ? { reopened: item.reopened } : {}),
    claim: null,
  };
}

/** The whole item for those who may decide it, its status for who asked. */
export function viewFor(item: Item, person: { roles: string[] }, now: Date) {
  return mayDecide(item, person) ? itemView(item, now) : statusView(item);
}

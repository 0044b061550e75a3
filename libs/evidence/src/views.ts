import type { JsonObject, Person } from '@countersign/contracts';
import type { z } from 'zod';
import type { actionLine, traceLine, traceView as shape } from './answers.js';
import { agentsOf } from './explain/who.js';
import type { StoredRecord } from './stored-record.js';
import { decoded, recordView, type Sorted } from './trace.js';

export type ActionLine = z.infer<typeof actionLine>;
export type TraceLine = z.infer<typeof traceLine>;
export type TraceView = z.infer<typeof shape>;

/** What a record that began a trace, and the others of its intent, say in a line. */
export function lineOf(begin: StoredRecord, others: StoredRecord[]): TraceLine {
  const data = (decoded(begin)?.data ?? {}) as JsonObject;
  const refused = begin.type === 'countersign.intent.refused.v1';
  const reply = others.find(({ type, tenant }) => type === 'countersign.reply.sent.v1' && tenant === begin.tenant);
  const text = (value: unknown) => (typeof value === 'string' ? value : null);
  return {
    intentId: begin.intent!,
    at: begin.appendedAt.toISOString(),
    tenant: begin.tenant,
    actor: begin.actor,
    through: agentsOf((data['actor'] as Person | undefined)?.act),
    session: begin.session,
    kind: text(data['kind']) ?? 'refused',
    workflow: text(data['workflow']),
    text: text(data['text']) ?? text(data['detail']),
    ...askedIn(data),
    state: refused ? 'refused' : reply ? 'ended' : 'open',
    outcome: refused ? 'refused' : (reply?.outcome ?? null),
    code: refused ? begin.code : (reply?.code ?? null),
    actions: actionLines(
      others.filter(({ topic, tenant }) => (topic === 'decisions' || topic === 'results') && tenant === begin.tenant),
    ),
  };
}

/** The tool call that a request was. */
function askedIn({ action }: JsonObject): Pick<TraceLine, 'asked'> {
  const { tool, arguments: given } = (action ?? {}) as JsonObject;
  return typeof tool === 'string' && given !== undefined ? { asked: { tool, arguments: given } } : {};
}

/** The last word on each action, in the order the actions first came up. */
function actionLines(rows: StoredRecord[]): ActionLine[] {
  const lines = new Map<string, ActionLine>();
  for (const { action, tool, outcome, code, auditCode, type } of rows) {
    if (action === null || type === 'countersign.intent.accepted.v1') continue;
    const line = { actionId: action, tool: tool ?? lines.get(action)?.tool ?? null, outcome, code };
    lines.set(action, auditCode === null ? line : { ...line, auditCode });
  }
  return [...lines.values()];
}

export function traceView(begin: StoredRecord, sorted: Sorted, control: StoredRecord[]): TraceView {
  const { source, requestId } = (decoded(begin)?.data ?? {}) as { source?: string; requestId?: string };
  return {
    ...lineOf(begin, sorted.genuine),
    source: source ?? '',
    requestId: requestId ?? '',
    traceId: begin.traceId,
    records: sorted.genuine.map((row) => recordView(row, sorted.read.get(row))),
    forged: sorted.forged.map(({ row, because }) => ({ ...recordView(row), because })),
    duplicates: sorted.duplicates.map((row) => recordView(row)),
    control: control.map((row) => recordView(row)),
    unreadable: sorted.unreadable.map(({ appendedAt, topic, partition, offset, poisonReason, poisonDetail }) => ({
      at: appendedAt.toISOString(),
      topic,
      partition,
      offset,
      reason: poisonReason!,
      detail: poisonDetail,
    })),
  };
}

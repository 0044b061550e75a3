import type { JsonObject, Person } from '@countersign/contracts';
import { agentsOf } from './explain/who.js';
import type { StoredRecord } from './stored-record.js';
import { decoded, recordView, type RecordView, type Sorted } from './trace.js';

export interface ActionLine {
  actionId: string;
  tool: string | null;
  outcome: string | null;
  code: string | null;
  /** For auditors alone. */
  auditCode?: string;
}

/** One trace in a list. */
export interface TraceLine {
  intentId: string;
  at: string;
  tenant: string;
  actor: string | null;
  /** Who acted for the actor, the first of them first. */
  through: string[];
  session: string | null;
  kind: string;
  workflow: string | null;
  text: string | null;
  state: 'open' | 'ended' | 'refused';
  outcome: string | null;
  code: string | null;
  actions: ActionLine[];
}

export interface TraceView extends TraceLine {
  source: string;
  requestId: string;
  /** Of OpenTelemetry, where the request came with one or a service made one. */
  traceId: string | null;
  records: RecordView[];
  forged: (RecordView & { because: string })[];
  duplicates: RecordView[];
  /** What was said of the switches and stages that were in force when its actions were decided on, or stopped one. */
  control: RecordView[];
  unreadable: { at: string; topic: string; partition: number; offset: string; reason: string; detail: string | null }[];
}

/** What a record that began a trace, and the others of its intent, say in a line. */
export function lineOf(begin: StoredRecord, others: StoredRecord[]): TraceLine {
  const data = (decoded(begin)?.event.data ?? {}) as JsonObject;
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
    state: refused ? 'refused' : reply ? 'ended' : 'open',
    outcome: refused ? 'refused' : (reply?.outcome ?? null),
    code: refused ? begin.code : (reply?.code ?? null),
    actions: actionLines(
      others.filter(({ topic, tenant }) => (topic === 'decisions' || topic === 'results') && tenant === begin.tenant),
    ),
  };
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
  const { source, requestId } = (decoded(begin)?.event.data ?? {}) as { source?: string; requestId?: string };
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

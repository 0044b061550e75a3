import {
  approvalIdOf,
  CODES,
  type ActionOutcome,
  type Code,
  type EventData,
  type EventType,
  type Json,
  type JsonObject,
  type Preview,
  type RecordChanged,
  type RecordRead,
} from '@countersign/contracts';

/** The events an intent's state is made of, verified, in the order of their append times. */
export type StatusEvent = {
  [T in StatusType]: { type: T; at: string; data: EventData<T> };
}[StatusType];
type StatusType = Extract<
  EventType,
  `countersign.action.${string}` | `countersign.intent.${string}` | 'countersign.reply.sent.v1'
>;
export type EventOf<T extends StatusType> = Extract<StatusEvent, { type: T }>;

interface Why {
  code: Code;
  detail: string;
  nextStep: string;
}

/** `executing`: policy granted something and its result is not there yet. */
export type ActionState = 'executing' | 'waiting' | 'in-doubt' | 'ended';

export interface ActionStatus extends Partial<Why> {
  actionId: string;
  intentId: string;
  tool: string;
  state: ActionState;
  outcome?: ActionOutcome;
  approvalId?: string;
  /** Of a draft: what it was computed for. */
  arguments?: JsonObject;
  preview?: Preview;
  /** Of RATE_LIMITED: when to ask again. */
  retryAt?: string;
  result?: Json;
  recordsRead?: RecordRead[];
  recordsChanged?: RecordChanged[];
  /** Of one in doubt: what a person said last became of it. `refused`: why policy did not take that. */
  verdict?: { by: string; outcome: Found; reason?: string; refused?: Why & { verdictId: string } };
  /** Of one that was in doubt: what was found out, and how. */
  resolved?: { outcome: Found; by: 'lookup' | 'person' };
}
type Found = EventData<'countersign.action.resolved.v1'>['outcome'];

export interface IntentStatus extends Partial<Why> {
  intentId: string;
  state: 'accepted' | 'waiting' | 'ended' | 'refused';
  workflow?: string;
  session?: string;
  kind?: 'intent' | 'action';
  outcome?: 'answered' | 'failed';
  retryAt?: string;
  reply?: string;
  actions: ActionStatus[];
}

const why = (code: Code, detail: string, nextStep: string): Why => ({ code, detail, nextStep });

/**
 * The state of one intent from its events alone; undefined until policy has accepted or refused it. The first terminal
 * outcome of an action stands, whatever comes later.
 */
export function foldStatus(intentId: string, events: readonly StatusEvent[], now: Date): IntentStatus | undefined {
  const refused = events.find((event) => event.type === 'countersign.intent.refused.v1');
  const accepted = events.find((event) => event.type === 'countersign.intent.accepted.v1');
  // An intent ends once: a repeat of an accepted one may be refused (its token has expired), which changes nothing.
  if (!accepted) return refused && refusedStatus(intentId, refused.data);
  const actions = foldActions(events);
  const reply = events.find((event) => event.type === 'countersign.reply.sent.v1');
  const { workflow, session, kind } = accepted.data;
  if (reply && (isComplete(reply, actions) || now.getTime() - Date.parse(reply.at) > RESULTS_GRACE_MS)) {
    const { outcome, text, code } = reply.data;
    const ended = { outcome, reply: text, ...reasonOf(code, actions) };
    return { intentId, state: 'ended', ...ended, workflow, session, kind, actions: withReplys(reply, actions) };
  }
  const waits = actions.some(({ state }) => state === 'waiting' || state === 'in-doubt');
  return { intentId, state: waits ? 'waiting' : 'accepted', workflow, session, kind, actions };
}

/** A reply may arrive before the results it speaks of, on another topic: for so long they are waited for. */
const RESULTS_GRACE_MS = 5_000;
type Reply = EventOf<'countersign.reply.sent.v1'>;

const isComplete = ({ data }: Reply, actions: ActionStatus[]) =>
  data.actions.every(({ actionId }) =>
    actions.some((action) => action.actionId === actionId && action.state === 'ended'),
  );

/** Where a result never came here, what the reply says of the action stands in for it. */
function withReplys({ data }: Reply, actions: ActionStatus[]): ActionStatus[] {
  const told = data.actions.filter(({ actionId }) => !actions.some((action) => action.actionId === actionId));
  const patched = actions.map((action) => {
    const said =
      action.state === 'ended' ? undefined : data.actions.find(({ actionId }) => actionId === action.actionId);
    return said ? endedBy(said, action.intentId) : action;
  });
  return [...patched, ...told.map((said) => endedBy(said, data.intentId))];
}

function endedBy({ actionId, tool, outcome, code }: Reply['data']['actions'][number], intentId: string): ActionStatus {
  return {
    ...ended({ actionId, intentId, tool }, outcome, {}),
    ...(code ? { code, nextStep: CODES[code].nextStep } : {}),
  };
}

function refusedStatus(intentId: string, data: EventData<'countersign.intent.refused.v1'>): IntentStatus {
  // Whose tenant it was is nobody's business outside audit.
  const shown =
    data.code === 'TENANT_MISMATCH'
      ? why('NOT_FOUND', 'there is nothing here for this token', CODES.NOT_FOUND.nextStep)
      : why(data.code, data.detail, data.nextStep);
  return { intentId, state: 'refused', ...(data.workflow ? { workflow: data.workflow } : {}), ...shown, actions: [] };
}

/** Why an intent ended as it did: in the words of the action that has the reply's code, if one has. */
function reasonOf(code: Code | undefined, actions: ActionStatus[]): Partial<Why> & { retryAt?: string } {
  if (!code) return {};
  const action = actions.find((candidate) => candidate.code === code);
  const reason = why(code, action?.detail ?? '', action?.nextStep ?? CODES[code].nextStep);
  return { ...reason, ...(action?.retryAt ? { retryAt: action.retryAt } : {}) };
}

function foldActions(events: readonly StatusEvent[]): ActionStatus[] {
  const dryRuns = new Set(
    events.flatMap((event) =>
      event.type === 'countersign.action.approved.v1' && event.data.dryRun ? [event.data.actionId] : [],
    ),
  );
  const actions = new Map<string, ActionStatus>();
  for (const event of events) {
    const step = withVerdict(event, actions) ?? stepOf(event, dryRuns);
    if (!step) continue;
    const before = actions.get(step.actionId);
    if (before?.state === 'ended') continue;
    actions.set(step.actionId, before ? merge(before, step) : step);
  }
  return [...actions.values()];
}

/** The newer step, with what only the older one told: the preview and the approval. A code goes once it no longer holds. */
function merge(before: ActionStatus, step: ActionStatus): ActionStatus {
  const kept: Partial<ActionStatus> = {};
  if (before.preview) kept.preview = before.preview;
  if (before.approvalId) kept.approvalId = before.approvalId;
  if (before.arguments) kept.arguments = before.arguments;
  if (before.verdict) kept.verdict = before.verdict;
  return { ...kept, ...step };
}

/** An action in doubt, with what a person said of it. */
function withVerdict(event: StatusEvent, actions: ReadonlyMap<string, ActionStatus>): ActionStatus | undefined {
  if (event.type !== 'countersign.action.settled.v1' && event.type !== 'countersign.action.unsettled.v1')
    return undefined;
  const { actionId, by, outcome } = event.data;
  const before = actions.get(actionId);
  const said =
    'code' in event.data
      ? { refused: { ...reason(event.data), verdictId: event.data.verdictId } }
      : { reason: event.data.reason };
  return before && { ...before, verdict: { by, outcome, ...said } };
}

function stepOf(event: StatusEvent, dryRuns: ReadonlySet<string>): ActionStatus | undefined {
  switch (event.type) {
    case 'countersign.action.approved.v1':
      return executing(event.data, event.data.grant === 'draft' ? { arguments: event.data.arguments } : {});
    case 'countersign.action.escalated.v1': {
      const { preview, actionId, revision, actionHash, approverRoles, because } = event.data;
      const asked = `one of ${approverRoles.join(', ')} decides`;
      const detail = because ? `${asked}; asked again: ${because}` : asked;
      const waits = why('NEEDS_APPROVAL', detail, CODES.NEEDS_APPROVAL.nextStep);
      return {
        ...of(event.data),
        state: 'waiting',
        approvalId: approvalIdOf(actionId, revision, actionHash),
        ...waits,
        ...(preview ? { preview } : {}),
      };
    }
    case 'countersign.action.denied.v1':
      return ended(event.data, 'denied', {
        ...reason(event.data),
        ...(event.data.retryAt ? { retryAt: event.data.retryAt } : {}),
      });
    case 'countersign.action.read.v1':
      return ended(event.data, 'read', { result: event.data.result, recordsRead: event.data.recordsRead });
    case 'countersign.action.previewed.v1': {
      const { preview, actionId } = event.data;
      return dryRuns.has(actionId) ? ended(event.data, 'previewed', { preview }) : executing(event.data, { preview });
    }
    case 'countersign.action.drafted.v1':
      return ended(event.data, 'drafted', { preview: event.data.preview });
    case 'countersign.action.committed.v1': {
      const { result, recordsRead, recordsChanged } = event.data;
      return ended(event.data, 'committed', { result, recordsRead, recordsChanged });
    }
    case 'countersign.action.failed.v1':
      return ended(event.data, 'failed', reason(event.data));
    case 'countersign.action.blocked.v1':
      return ended(event.data, 'blocked', reason(event.data));
    case 'countersign.action.returned.v1':
      return executing(event.data, {
        ...reason(event.data),
        ...(event.data.preview ? { preview: event.data.preview } : {}),
      });
    case 'countersign.action.in-doubt.v1':
      return { ...of(event.data), state: 'in-doubt', ...reason(event.data) };
    case 'countersign.action.resolved.v1':
      return ended(event.data, 'resolved', {
        detail: event.data.detail,
        result: event.data.result,
        recordsChanged: event.data.recordsChanged,
        resolved: { outcome: event.data.outcome, by: event.data.by },
      });
    case 'countersign.action.requested.v1':
    case 'countersign.action.proposed.v1':
    case 'countersign.action.settled.v1':
    case 'countersign.action.unsettled.v1':
    case 'countersign.intent.requested.v1':
    case 'countersign.intent.accepted.v1':
    case 'countersign.intent.refused.v1':
    case 'countersign.reply.sent.v1':
      return undefined;
    default:
      return event satisfies never;
  }
}

interface Named {
  actionId: string;
  intentId: string;
  tool: string;
}
const of = ({ actionId, intentId, tool }: Named) => ({ actionId, intentId, tool });
const reason = ({ code, detail, nextStep }: Why) => why(code, detail, nextStep);
const executing = (data: Named, more: Partial<ActionStatus>): ActionStatus => ({
  ...of(data),
  state: 'executing',
  ...more,
});
const ended = (data: Named, outcome: ActionOutcome, more: Partial<ActionStatus>): ActionStatus => ({
  ...of(data),
  state: 'ended',
  outcome,
  ...more,
});

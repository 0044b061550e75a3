/* What was seen of a case, out of its events. Everything that is judged comes from here, from the ledger or from the access log. */
import { EVENTS, type EventData, type EventType, type OutRecord } from '@countersign/contracts';
import type { End, Observed, ObservedDecision, ObservedOutcome, ObservedReply } from '@countersign/evals';

/** An event of a case, read: our own services wrote it. */
type Seen = { [T in EventType]: { type: T; data: EventData<T> } }[EventType];

function seenOf({ headers, value }: OutRecord): Seen | undefined {
  const type = headers['ce_type'] ?? '';
  return Object.hasOwn(EVENTS, type) ? ({ type, data: JSON.parse(value) } as Seen) : undefined;
}

/** All but what the system of record and the steps themselves say. */
export function observe(
  records: readonly OutRecord[],
): Omit<Observed, 'effects' | 'reads' | 'refusedSteps' | 'errors'> {
  const seen = records.flatMap((record) => seenOf(record) ?? []);
  const of = <T extends EventType>(type: T) =>
    seen.flatMap((one) => (one.type === type ? [one.data as EventData<T>] : []));
  const called = of('countersign.model.called.v1');
  return {
    proposals: of('countersign.action.proposed.v1').map(({ actionId, tool, arguments: args, dryRun }) => ({
      ...{ actionId, tool, arguments: args, dryRun },
    })),
    decisions: seen.flatMap(decisionIn),
    outcomes: outcomesIn(seen),
    replies: of('countersign.reply.sent.v1').map(replyOf),
    refused: of('countersign.intent.refused.v1').map(({ code, detail }) => ({ code, detail })),
    refusedCalls: called.flatMap(({ refused = [] }) => refused.map(({ code, detail }) => ({ code, detail }))),
    modelCalls: called.map(({ usage, durationMs }) => ({
      ...{ promptTokens: usage.prompt, completionTokens: usage.completion, ms: durationMs },
    })),
  };
}

const replyOf = ({ text, flagged, code }: EventData<'countersign.reply.sent.v1'>): ObservedReply => ({
  ...{ text, ...(flagged === undefined ? {} : { flagged }), ...(code ? { code } : {}) },
});

function decisionIn({ type, data }: Seen): ObservedDecision[] {
  switch (type) {
    case 'countersign.action.approved.v1':
      return [{ ...decided(data), outcome: 'approved', grant: data.grant, dryRun: data.dryRun }];
    case 'countersign.action.denied.v1':
      return [{ ...decided(data), outcome: 'denied', code: data.code, detail: data.detail }];
    case 'countersign.action.escalated.v1':
      return [{ ...decided(data), outcome: 'escalated', roles: data.approverRoles, approvals: data.approvalsNeeded }];
    default:
      return [];
  }
}

const decided = ({
  actionId,
  tool,
  actor,
  rules,
}:
  | EventData<'countersign.action.denied.v1'>
  | EventData<'countersign.action.approved.v1'>
  | EventData<'countersign.action.escalated.v1'>) => ({
  ...{ actionId, tool, actorRoles: actor.roles, rules },
});

/** An action ends once; a preview on the way, and what went back to policy, is no end. One that has none waits. */
function outcomesIn(seen: readonly Seen[]): ObservedOutcome[] {
  const outcomes = new Map<string, ObservedOutcome>();
  const dryRuns = new Set<string>();
  for (const one of seen) {
    if (one.type === 'countersign.action.approved.v1' && one.data.dryRun) dryRuns.add(one.data.actionId);
    const outcome = endIn(one, dryRuns);
    if (outcome) outcomes.set(outcome.actionId, outcome);
    else if (isOfAction(one) && !outcomes.has(one.data.actionId))
      outcomes.set(one.data.actionId, { actionId: one.data.actionId, tool: one.data.tool, ends: 'waiting' });
  }
  return [...outcomes.values()];
}

const DECIDED = ['countersign.action.approved.v1', 'countersign.action.escalated.v1'] as const;
type OfAction = Extract<Seen, { type: (typeof DECIDED)[number] }>;
const isOfAction = (one: Seen): one is OfAction => DECIDED.some((type) => type === one.type);

function endIn({ type, data }: Seen, dryRuns: ReadonlySet<string>): ObservedOutcome | undefined {
  switch (type) {
    case 'countersign.action.previewed.v1':
      return dryRuns.has(data.actionId) ? ended(data, 'previewed') : undefined;
    case 'countersign.action.read.v1':
      return ended(data, 'read');
    case 'countersign.action.drafted.v1':
      return ended(data, 'drafted');
    case 'countersign.action.committed.v1':
      return { ...ended(data, 'committed'), ...(data.done ? { done: data.done.holds } : {}) };
    case 'countersign.action.denied.v1':
      return { ...ended(data, 'denied'), code: data.code, detail: data.detail };
    case 'countersign.action.failed.v1':
      return { ...ended(data, 'failed'), code: data.code, detail: data.detail };
    case 'countersign.action.blocked.v1':
      return { ...ended(data, 'blocked'), code: data.code, detail: data.detail };
    case 'countersign.action.in-doubt.v1':
      return { ...ended(data, 'in-doubt'), code: data.code, detail: data.detail };
    case 'countersign.action.resolved.v1':
      return { ...ended(data, 'resolved'), ...(data.done ? { done: data.done.holds } : {}) };
    default:
      return undefined;
  }
}

const ended = ({ actionId, tool }: { actionId: string; tool: string }, ends: End): ObservedOutcome => ({
  ...{ actionId, tool, ends },
});

import type { AnyEvent, CloudEvent, ControlTarget, EventType, Topic } from '@countersign/contracts';

/** An event as the trace store holds it, with where it stood in the log. `at` is the broker's append time. */
export interface Stored<T extends EventType = EventType> {
  event: T extends EventType ? CloudEvent<T> : never;
  topic: Topic;
  partition: number;
  offset: string;
  at: string;
}

export const RESULT_TYPES = [
  'countersign.action.read.v1',
  'countersign.action.previewed.v1',
  'countersign.action.drafted.v1',
  'countersign.action.committed.v1',
  'countersign.action.failed.v1',
  'countersign.action.returned.v1',
  'countersign.action.blocked.v1',
  'countersign.action.in-doubt.v1',
  'countersign.action.resolved.v1',
] as const satisfies EventType[];
export type ResultType = (typeof RESULT_TYPES)[number];

const DECISION_TYPES = [
  'countersign.action.approved.v1',
  'countersign.action.escalated.v1',
  'countersign.action.denied.v1',
  'countersign.action.settled.v1',
  'countersign.action.unsettled.v1',
] as const satisfies EventType[];
const APPROVAL_TYPES = [
  'countersign.approval.opened.v1',
  'countersign.approval.granted.v1',
  'countersign.approval.edited.v1',
  'countersign.approval.rejected.v1',
  'countersign.approval.expired.v1',
  'countersign.approval.settled.v1',
] as const satisfies EventType[];

/** Said of an action afterwards: no such word proves that there was one. */
const INCIDENT_TYPES = [
  'countersign.audit.incident-opened.v1',
  'countersign.audit.incident-captured.v1',
  'countersign.audit.incident-closed.v1',
] as const satisfies EventType[];

const ASIDE_TYPES = [
  'countersign.approval.viewed.v1',
  'countersign.approval.delegated.v1',
  'countersign.audit.revealed.v1',
  ...INCIDENT_TYPES,
] as const satisfies EventType[];

const CONTROL_TYPES = [
  'countersign.control.set.v1',
  'countersign.control.applied.v1',
  'countersign.control.refused.v1',
] as const satisfies EventType[];

export type Control = Stored<(typeof CONTROL_TYPES)[number]>;
export type Decision = Stored<(typeof DECISION_TYPES)[number]>;
export type Approval = Stored<(typeof APPROVAL_TYPES)[number]>;
export type Result = Stored<ResultType>;
export type Aside = Stored<(typeof ASIDE_TYPES)[number]>;
export type Warrant = Stored<'countersign.action.approved.v1'>;

/** What is stored about one action, sorted out. Only what the explanation cites is in it. */
export interface Story {
  actionId: string;
  intentId: string;
  raw: Stored<'countersign.intent.requested.v1' | 'countersign.action.requested.v1'> | undefined;
  accepted: Stored<'countersign.intent.accepted.v1'> | undefined;
  modelCall: Stored<'countersign.model.called.v1'> | undefined;
  proposed: Stored<'countersign.action.proposed.v1'> | undefined;
  decisions: Decision[];
  approvals: Approval[];
  results: Result[];
  /** What other actions of the intent had read before this one was proposed. */
  earlierReads: Stored<'countersign.action.read.v1'>[];
  /** Read warrants of other actions issued before this one was proposed. */
  earlierWarrants: Warrant[];
  /** The end of another action that the model was asked again after. */
  ledTo: Stored | undefined;
  /** Id of the event that would say so, where it is not stored. */
  lostCause: string | undefined;
  reply: Stored<'countersign.reply.sent.v1'> | undefined;
  /** Who was shown sealed values of the item or of the trace, who handed the item on, incidents: no other event refers to these. */
  asides: Aside[];
  /** What was said of switches and stages, of whatever scope. */
  control: Control[];
}

export function isType<T extends EventType>(stored: Stored, ...types: readonly T[]): stored is Stored & Stored<T> {
  return (types as readonly string[]).includes(stored.event.type);
}

export function ofType<T extends EventType>(trace: readonly Stored[], ...types: readonly T[]): Stored<T>[] {
  return trace.filter((stored) => isType(stored, ...types)) as unknown as Stored<T>[];
}

const actionOf = (event: AnyEvent): string | undefined =>
  'actionId' in event.data && typeof event.data.actionId === 'string' ? event.data.actionId : undefined;

/** What policy said of one action. */
export const decisionsOn = (actionId: string, trace: readonly Stored[]): Decision[] =>
  ofType(trace, ...DECISION_TYPES).filter(({ event }) => actionOf(event as AnyEvent) === actionId);

/** Sorts a trace out for one action; undefined if nothing in it speaks of that action. */
export function storyOf(actionId: string, trace: readonly Stored[]): Story | undefined {
  const own = trace.filter((stored) => actionOf(stored.event) === actionId && !isType(stored, ...INCIDENT_TYPES));
  const accepted = ofType(trace, 'countersign.intent.accepted.v1')[0];
  const reply = ofType(trace, 'countersign.reply.sent.v1')[0];
  const named =
    own.length > 0 ||
    accepted?.event.data.action?.actionId === actionId ||
    reply?.event.data.actions.some((action) => action.actionId === actionId);
  if (!named) return undefined;
  const proposed = ofType(own, 'countersign.action.proposed.v1')[0];
  const modelCall = ofType(trace, 'countersign.model.called.v1').find(
    (call) => call.event.data.turn === proposed?.event.data.turn,
  );
  return {
    actionId,
    intentId: intentOf(own) ?? accepted?.event.data.intentId ?? reply!.event.data.intentId,
    raw: rawOf(trace, accepted),
    accepted,
    proposed,
    modelCall,
    ...leadingTo(modelCall, trace),
    decisions: ofType(own, ...DECISION_TYPES),
    approvals: ofType(own, ...APPROVAL_TYPES),
    results: ofType(own, ...RESULT_TYPES),
    ...readBefore(actionId, trace, proposed ?? own[0]),
    reply,
    asides: ofType(trace, ...ASIDE_TYPES).filter(({ event }) => [undefined, actionId].includes(actionOf(event))),
    control: ofType(trace, ...CONTROL_TYPES),
  };
}

/** Of the planner's own reads before a turn: it shows the model again what it was shown before. */
const FIRST_REFRESH = 1_000;
const LONGEST_CHAIN = 50;

/** Back along what caused what, past the planner's own reads. */
function leadingTo(call: Story['modelCall'], trace: readonly Stored[]): Pick<Story, 'ledTo' | 'lostCause'> {
  const none = { ledTo: undefined, lostCause: undefined };
  if (!call || call.event.data.turn === 0) return none;
  const byId = new Map(trace.map((stored) => [stored.event.id, stored]));
  const refreshes = new Map(
    ofType(trace, 'countersign.action.proposed.v1')
      .filter(({ event }) => event.data.index >= FIRST_REFRESH)
      .map((proposed) => [proposed.event.data.actionId, proposed]),
  );
  let id = call.event.causationid;
  for (let step = 0; step < LONGEST_CHAIN; step++) {
    const cause = byId.get(id);
    if (!cause) return { ...none, lostCause: id };
    if (!isType(cause, ...RESULT_TYPES, ...DECISION_TYPES)) return none;
    const refresh = refreshes.get(actionOf(cause.event) ?? '');
    if (!refresh) return { ...none, ledTo: cause };
    id = refresh.event.causationid;
  }
  return none;
}

/** Its tenant, workflow and tool, as policy signed them. */
export function targetOf({ decisions }: Pick<Story, 'decisions'>): ControlTarget | undefined {
  return decisions.map(({ event }) => event.data).find((data) => 'workflow' in data);
}

const intentOf = (own: readonly Stored[]) =>
  own.map(({ event }) => ('intentId' in event.data ? event.data.intentId : undefined))[0];

/** The raw request an accepted intent names: one that stood in the log before it, no later repeat. Without an acceptance, the first. */
function rawOf(trace: readonly Stored[], accepted: Story['accepted']): Story['raw'] {
  const raws = ofType(trace, 'countersign.intent.requested.v1', 'countersign.action.requested.v1');
  if (!accepted) return raws[0];
  const { source, requestId } = accepted.event.data;
  return raws.find(({ event, at }) => event.id === requestId && event.source === source && at <= accepted.at);
}

function readBefore(
  actionId: string,
  trace: readonly Stored[],
  first: Stored | undefined,
): Pick<Story, 'earlierReads' | 'earlierWarrants'> {
  const before = trace.filter(
    (stored) => first !== undefined && actionOf(stored.event) !== actionId && stored.at < first.at,
  );
  return {
    earlierReads: ofType(before, 'countersign.action.read.v1'),
    earlierWarrants: ofType(before, 'countersign.action.approved.v1').filter(
      ({ event }) => event.data.grant === 'read',
    ),
  };
}

/** All the events of a story, in the order they were appended, with those of the control topic that it cites. */
export function eventsOf(story: Story, control: Stored[]): Stored[] {
  const single = [story.raw, story.accepted, story.ledTo, story.modelCall, story.proposed, story.reply];
  const all = [
    ...single,
    ...control,
    ...story.earlierReads,
    ...story.decisions,
    ...story.approvals,
    ...story.results,
  ] as (Stored | undefined)[];
  return [...new Set(all.filter((stored) => stored !== undefined))].sort((a, b) =>
    a.at < b.at ? -1 : a.at > b.at ? 1 : 0,
  );
}

export const warrantsOf = (story: Story) => ofType(story.decisions as Stored[], 'countersign.action.approved.v1');
export const escalationsOf = (story: Story) => ofType(story.decisions as Stored[], 'countersign.action.escalated.v1');
export const denialsOf = (story: Story) => ofType(story.decisions as Stored[], 'countersign.action.denied.v1');
export const approvalsOf = <T extends Approval['event']['type']>(story: Story, ...types: T[]) =>
  ofType(story.approvals as Stored[], ...types);
export const resultsOf = <T extends ResultType>(story: Story, ...types: T[]) =>
  ofType(story.results as Stored[], ...types);

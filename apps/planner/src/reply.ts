import { eventIdOf, type Code, type EventData, type EventDraft } from '@countersign/contracts';
import { emit, type Effect } from '@countersign/messaging/stream';
import type { Workflow } from '@countersign/workflow-kit';
import { unsupported } from './claims.js';
import type { Act, Outcome, Owner, Plan, SessionState } from './state.js';
import { BOUNDS, clean, cut } from './transcript.js';

type Reply = Omit<EventData<'countersign.reply.sent.v1'>, 'intentId' | 'tenant'>;

/** What the drafts of an intent's events have in common. */
export function envelope(owner: Owner, intentId: string, cause: string, now: Date) {
  const { tenant, sub, session } = owner;
  return {
    tenantid: tenant,
    actorid: sub,
    session,
    correlationid: intentId,
    causationid: cause,
    time: now.toISOString(),
  };
}

/** The one reply of an intent: its event id derives from the intent alone. */
export function sendReply(owner: Owner, intentId: string, reply: Reply, cause: string, now: Date): Effect {
  const draft: EventDraft<'countersign.reply.sent.v1'> = {
    ...envelope(owner, intentId, cause, now),
    type: 'countersign.reply.sent.v1',
    id: eventIdOf('countersign.reply.sent.v1', intentId),
    subject: intentId,
    data: { intentId, tenant: owner.tenant, ...reply, text: cut(clean(reply.text), BOUNDS.reply) },
  };
  return emit(draft);
}

/** The reply to an intent of one tool call: made from its outcome, no model is asked. */
export function replyFromOutcome({ actionId, tool, stand, line }: Outcome): Reply {
  const actions = actionsOf([{ actionId, tool, stand, line }]);
  const code = actions[0]?.code;
  return { text: line, outcome: 'answered', ...(code ? { code } : {}), fromModel: false, turns: 0, actions };
}

export const actionsOf = (acts: readonly Act[]): Reply['actions'] =>
  acts.flatMap(({ actionId, tool, stand }) => {
    if (stand.tag !== 'ended') return [];
    return [{ actionId, tool, outcome: stand.outcome, ...(stand.code ? { code: stand.code } : {}) }];
  });

/** The model's words, or the records' own where its words claim what no record shows. */
export function answerReply(
  text: string,
  plan: Plan,
  history: SessionState['history'],
  workflow: Workflow | undefined,
  turns: number,
): Reply {
  const changing = (workflow?.tools ?? []).filter(({ effect }) => effect !== 'read').map(({ name }) => name);
  const said = history.map(({ reply }) => reply);
  const flagged = unsupported(text, { acts: plan.acts, changing, seen: plan.seen, said, asked: plan.text });
  const reply: Reply = { text, outcome: 'answered', fromModel: true, turns, actions: actionsOf(plan.acts) };
  if (flagged === undefined) return reply;
  const summary = `The answer that was written did not agree with the records. They show this:\n${doneLines(plan)}`;
  return { ...reply, text: summary, fromModel: false, flagged: clean(cut(flagged, 2_000)) };
}

/** What became of the actions, the planner's own reads left out. */
function doneLines({ acts }: Pick<Plan, 'acts'>): string {
  const lines = acts.filter(({ again }) => !again).map(({ line }) => `- ${line}`);
  return lines.length > 0 ? lines.join('\n') : 'Nothing was done.';
}

/** To what the user of an agent outside says: it counts for what that agent asks for in the session. */
export const OUTSIDE: Reply = {
  text: 'Noted. The agent of this session asks for each action by itself.',
  outcome: 'answered',
  fromModel: false,
  turns: 0,
  actions: [],
};

const FAILURES: Partial<Record<Code, string>> = {
  MODEL_FAILED: 'The model gave no usable answer.',
  BUDGET_EXCEEDED: 'This request used up its turns or tokens before there was an answer.',
  UNAUTHENTICATED: 'The time this request may act in your name ended before it was planned.',
  UNKNOWN_WORKFLOW: 'The workflow of this request is not loaded any more.',
  UPSTREAM_TIMEOUT: 'An action of this request was never answered for; look at it before you ask again.',
  RATE_LIMITED: 'Too many requests of this session are waiting.',
};

/** A reply without the model: why there is no better one, and what was done. */
export function failedReply(code: Code, plan: Pick<Plan, 'acts'>, turns: number): Reply {
  const text = `${FAILURES[code] ?? code}\n${doneLines(plan)}`;
  return { text, outcome: 'failed', code, fromModel: false, turns, actions: actionsOf(plan.acts) };
}

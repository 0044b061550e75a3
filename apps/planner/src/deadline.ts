import { ignore, work, type Effect, type States, type WorkRow } from '@countersign/messaging/stream';
import { failedReply } from './reply.js';
import { intentKey, NEW_SESSION, sessionKey, type IntentState, type SessionState, type WakeBody } from './state.js';
import { DEADLINE_GRACE_MS, finish } from './turn.js';

/** An intent whose actions nobody answers for holds its session no longer. One that waits for a person goes on waiting. */
export function decideDeadline(row: WorkRow, states: States, now: Date): Effect[] {
  const { intentId, sessionId } = row.body as unknown as WakeBody;
  const state = states.get<IntentState>(intentKey(intentId));
  // A turn that began in time may still propose.
  if (state?.tag === 'thinking') return [work(again(row, now))];
  if (state?.tag !== 'acting' && state?.tag !== 'refreshing') return [ignore('it does not wait for its actions')];
  const session = states.get<SessionState>(sessionKey(sessionId)) ?? NEW_SESSION;
  const { plan } = state;
  const reply = failedReply('UPSTREAM_TIMEOUT', plan, plan.turn + 1);
  return finish({ intentId, plan, session, workflow: undefined, now }, reply);
}

const again = ({ id, kind, target, tenant, body }: WorkRow, now: Date) => ({
  ...{ id: `${id}+`, kind, target, tenant, body },
  notBefore: new Date(now.getTime() + DEADLINE_GRACE_MS),
});

import type { CloudEvent, Incoming } from '@countersign/contracts';
import type { Consumer, Handler } from '@countersign/messaging/stream';
import { checkSignature, type KeyRing } from '@countersign/signing';
import type { Workflow } from '@countersign/workflow-kit';
import { decideAccepted, decideOutcome, positionOf, type Facts } from './decide.js';
import type { OutcomeEvent, OutcomeType } from './outcome.js';
import { intentKey, sessionKey, type IntentState } from './state.js';

const accepted: Handler<CloudEvent<'countersign.intent.accepted.v1'>, Facts> = {
  touches: ({ event: { data } }) => [intentKey(data.intentId), ...(data.action ? [] : [sessionKey(data.sessionId)])],
  decide: decideAccepted,
};

/** One handler for all that says where an action stands; the session's row only where a model's intent holds one. */
const outcome = {
  touches: ({ event }: Incoming & { event: OutcomeEvent }) => [intentKey(event.data.intentId)],
  touchesAlso: ({ event }: Incoming & { event: OutcomeEvent }, states) => {
    const state = states.get<IntentState>(intentKey(event.data.intentId));
    return state && 'plan' in state ? [sessionKey(state.plan.sessionId)] : [];
  },
  decide: decideOutcome,
} satisfies Handler<CloudEvent<OutcomeType> & OutcomeEvent, Facts>;

const OWNER: Partial<Record<Incoming['record']['topic'], string>> = { decisions: 'policy', results: 'executor' };
/** Nothing is decided on these here, so their signatures are not worth checking. */
const UNUSED = new Set([
  'countersign.intent.refused.v1',
  'countersign.action.approved.v1',
  'countersign.action.settled.v1',
  'countersign.action.unsettled.v1',
  'countersign.action.returned.v1',
]);

export interface PlannerSettings {
  ring: KeyRing;
  workflows: ReadonlyMap<string, Workflow>;
  onForged(incoming: Incoming, because: string): void;
}

export function planner({ ring, workflows, onForged }: PlannerSettings): Consumer<Facts> {
  const prepare = (events: Incoming[]): Promise<Facts> => {
    const forged = new Set<string>();
    for (const incoming of events) {
      if (UNUSED.has(incoming.event.type)) continue;
      const check = checkSignature(ring, OWNER[incoming.record.topic] ?? 'nobody', incoming);
      if (check.ok) continue;
      forged.add(positionOf(incoming.record));
      onForged(incoming, check.because);
    }
    return Promise.resolve({ forged, workflows });
  };
  return {
    name: 'planner',
    topics: {
      decisions: {
        'countersign.intent.accepted.v1': accepted,
        'countersign.intent.refused.v1': 'ignore',
        'countersign.action.approved.v1': 'ignore',
        'countersign.action.denied.v1': outcome,
        'countersign.action.escalated.v1': outcome,
        'countersign.action.settled.v1': 'ignore',
        'countersign.action.unsettled.v1': 'ignore',
      },
      results: {
        'countersign.action.read.v1': outcome,
        'countersign.action.previewed.v1': outcome,
        'countersign.action.drafted.v1': outcome,
        'countersign.action.committed.v1': outcome,
        'countersign.action.failed.v1': outcome,
        'countersign.action.returned.v1': 'ignore',
        'countersign.action.blocked.v1': outcome,
        'countersign.action.in-doubt.v1': outcome,
        'countersign.action.resolved.v1': outcome,
      },
    },
    prepare,
  };
}

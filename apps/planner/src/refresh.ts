import { actionIdOf } from '@countersign/contracts';
import { emit, put, type Effect } from '@countersign/messaging/stream';
import type { Workflow } from '@countersign/workflow-kit';
import { proposedDraft, type Ask } from './drafts.js';
import { staleRecords } from './known.js';
import { intentKey, LIMITS, type Act, type IntentState, type KnownRecord, type Plan } from './state.js';

/**
 * The records a turn may not be shown as they are, as far as there is room: the model's own calls keep the last proposals. The
 * others say in the prompt that they may have changed.
 */
export function dueRecords({ known, acts }: Plan, workflow: Workflow, now: Date): KnownRecord[] {
  const room = LIMITS.actsPerIntent - LIMITS.callsPerTurn - acts.length;
  return staleRecords(known, workflow, now).slice(0, Math.max(0, Math.min(LIMITS.refreshesPerTurn, room)));
}

/** Proposes to read records again, as governed as any read; the turn starts when these reads have ended. */
export function refresh(intentId: string, plan: Plan, due: KnownRecord[], workflow: Workflow, now: Date): Effect[] {
  const asks = due.flatMap(({ source, arguments: args }, place): { ask: Ask; act: Act }[] => {
    const tool = workflow.sources?.find(({ name }) => name === source)?.tool;
    if (!tool) return [];
    const index = LIMITS.firstRefresh + place;
    const actionId = actionIdOf(intentId, plan.turn, index);
    const stand = { tag: 'proposed' } as const;
    const act: Act = { actionId, tool, stand, line: '', reads: { source, arguments: args }, again: true };
    const callId = `refresh_${plan.turn}_${place}`;
    return [{ act, ask: { index, tool, arguments: args, callId, rationale: 'Read again: it may have changed.' } }];
  });
  const after: Plan = { ...plan, acts: [...plan.acts, ...asks.map(({ act }) => act)] };
  return [
    ...asks.map(({ ask }) => emit(proposedDraft(intentId, plan, ask, now))),
    put(intentKey(intentId), { tag: 'refreshing', plan: after } satisfies IntentState),
  ];
}

/** A read that waits for a person keeps no turn waiting: the record stays in doubt, and its action is nobody's here. */
export function withoutOpen(plan: Plan, actionId: string): Plan {
  return { ...plan, acts: plan.acts.filter((act) => act.actionId !== actionId) };
}

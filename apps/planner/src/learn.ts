import type { EventData } from '@countersign/contracts';
import type { Workflow } from '@countersign/workflow-kit';
import { proofOf, seenInResult, seenInView } from './evidence.js';
import { doubted, sourceOfTool, unread, withChanges, withRead } from './known.js';
import type { OutcomeEvent } from './outcome.js';
import type { Act, KnownRecord, Plan, Proof } from './state.js';
import { clean, cut } from './transcript.js';

/** A plan with what an outcome says: where its action stands is told elsewhere; here is what is known of records after it. */
export function learned(plan: Plan, event: OutcomeEvent, workflow: Workflow | undefined): Plan {
  const act = plan.acts.find(({ actionId }) => actionId === event.data.actionId);
  if (!act) return plan;
  switch (event.type) {
    case 'countersign.action.read.v1':
      return afterRead(plan, act, event.data, workflow);
    case 'countersign.action.committed.v1': {
      const { result, recordsChanged, done, endedAt } = event.data;
      return afterCommit(plan, act, proofOf(result, recordsChanged, done?.holds ?? true), recordsChanged, endedAt);
    }
    case 'countersign.action.resolved.v1': {
      const { outcome, result, recordsChanged, done, endedAt } = event.data;
      if (outcome !== 'committed') return plan;
      return afterCommit(plan, act, proofOf(result, recordsChanged, done?.holds ?? true), recordsChanged, endedAt);
    }
    case 'countersign.action.previewed.v1':
    case 'countersign.action.drafted.v1':
      return { ...plan, seen: seenInResult(plan.seen, event.data.preview.effect) };
    case 'countersign.action.denied.v1':
    case 'countersign.action.failed.v1':
    case 'countersign.action.blocked.v1':
      return afterRefusal(plan, act, event.data.code, workflow);
    case 'countersign.action.escalated.v1':
    case 'countersign.action.in-doubt.v1':
      return plan;
    default:
      return unreachable(event);
  }
}

type Read = EventData<'countersign.action.read.v1'>;

function afterRead(plan: Plan, { actionId, reads }: Act, data: Read, workflow: Workflow | undefined): Plan {
  const source = sourceOfTool(workflow, data.tool);
  if (!source || !reads) return { ...plan, seen: seenInResult(plan.seen, data.result) };
  const known = withRead(plan.known, source, reads, data);
  const { view } = known.at(-1)!;
  const shown = JSON.stringify({
    status: 'read',
    tool: data.tool,
    records: data.recordsRead.slice(0, 20),
    shown: 'among the known records',
  });
  return {
    ...plan,
    known,
    seen: seenInView(plan.seen, view),
    acts: plan.acts.map((act) => (act.actionId === actionId ? { ...act, line: lineOf(data.tool, view) } : act)),
    pending: plan.pending.map((call) => (call.actionId === actionId ? { ...call, shown } : call)),
  };
}

/** Of the view too: a reply shows no field that a prompt may not. */
const lineOf = (tool: string, view: KnownRecord['view']) =>
  clean(
    cut(`${tool}: ${view.map(({ path, value }) => `${path} ${JSON.stringify(value)}`).join(', ') || 'nothing'}`, 2_000),
  );

function afterCommit(
  plan: Plan,
  { actionId }: Act,
  proof: Proof,
  changes: EventData<'countersign.action.committed.v1'>['recordsChanged'],
  at: string,
): Plan {
  return {
    ...plan,
    acts: plan.acts.map((act) => (act.actionId === actionId ? { ...act, proof } : act)),
    known: withChanges(plan.known, changes, at),
  };
}

function afterRefusal(
  plan: Plan,
  act: Act,
  code: EventData<'countersign.action.failed.v1'>['code'],
  workflow: Workflow | undefined,
): Plan {
  const source = sourceOfTool(workflow, act.tool);
  if (act.reads && source) return { ...plan, known: unread(plan.known, source, act, code) };
  return code === 'STALE_CONTEXT' ? { ...plan, known: doubted(plan.known) } : plan;
}

const unreachable = (event: never): never => {
  throw new Error(`nothing is learned from ${JSON.stringify(event)}`);
};

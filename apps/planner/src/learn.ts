import type { EventData, Json } from '@countersign/contracts';
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
    case 'countersign.action.committed.v1':
      return afterCommit(plan, act, event.data);
    case 'countersign.action.resolved.v1':
      return event.data.outcome === 'committed' ? afterCommit(plan, act, event.data) : plan;
    case 'countersign.action.previewed.v1':
      return { ...plan, seen: seenInResult(plan.seen, event.data.preview.effect) };
    case 'countersign.action.drafted.v1':
      return afterDraft(plan, act, event.data.preview.effect);
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

type Commit = Pick<EventData<'countersign.action.committed.v1'>, 'recordsChanged' | 'done' | 'endedAt' | 'edited'>;

function afterCommit(
  plan: Plan,
  act: Act,
  { result, edited, recordsChanged, done, endedAt }: Commit & { result: Json },
): Plan {
  const proof = proofOf(edited ? { result, edited } : result, recordsChanged, done?.holds ?? true);
  return { ...withProof(plan, act, proof), known: withChanges(plan.known, recordsChanged, endedAt) };
}

/** It proves the figures of a draft, and nothing done. */
const afterDraft = (plan: Plan, act: Act, effect: Json): Plan => ({
  ...withProof(plan, act, proofOf(effect, [], false)),
  seen: seenInResult(plan.seen, effect),
});

const withProof = (plan: Plan, { actionId }: Act, proof: Proof): Plan => ({
  ...plan,
  acts: plan.acts.map((act) => (act.actionId === actionId ? { ...act, proof } : act)),
});

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

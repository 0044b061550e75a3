import { cut, type AnyEvent, type JsonObject } from '@countersign/contracts';
import type { WrittenCase } from '../case-file.js';
import type { Wished } from './expectation.js';
import type { RecordMoved } from './records.js';
import { turnsOf } from './turns.js';

type Step = WrittenCase['steps'][number];
type Accepted = Extract<AnyEvent, { type: 'countersign.intent.accepted.v1' }>['data'];
type Said = Extract<AnyEvent, { type: `countersign.approval.${'granted' | 'edited' | 'rejected'}.v1` }>;

const PERSONS: readonly string[] = [
  'countersign.approval.granted.v1',
  'countersign.approval.edited.v1',
  'countersign.approval.rejected.v1',
];
export const isSaid = (event: AnyEvent): event is Said => PERSONS.includes(event.type);

const MAX_REASON = 500;

/**
 * What was asked and what people decided, in order, with what others changed before one of these decisions. A decision is passed over where
 * nothing waits for it: the rule that mends an incident may deny before anybody is asked.
 *
 * @returns `lost`: changes that came while the action was carried out, where no step of a case can come
 */
export function stepsOf(
  events: readonly AnyEvent[],
  accepted: Accepted,
  wished: Wished,
  moved: readonly RecordMoved[],
): { steps: Step[]; lost: RecordMoved[] } {
  const tools = toolsOf(events);
  const placed: { at: number; step: Step }[] = [];
  const wrong = events.findIndex((event) => isWrong(event, wished));
  for (const [at, event] of events.entries()) {
    const isPast = wrong !== -1 && at >= wrong && isSaid(event) && event.data.actionId === wished.actionId;
    if (isSaid(event) && !isPast) placed.push({ at, step: decisionOf(event, tools) });
  }
  const lost: RecordMoved[] = [];
  for (const change of moved) {
    const next = placed.findLast(({ at, step }) => at > change.after && at < change.before && !('change' in step));
    const { type, id, fields } = change;
    if (next) placed.splice(placed.indexOf(next), 0, { at: next.at, step: { change: { type, id, fields } } });
    else lost.push(change);
  }
  return { steps: [askedOf(events, accepted), ...placed.map(({ step }) => step)], lost };
}

function askedOf(events: readonly AnyEvent[], { actor, text, subject, action }: Accepted): Step {
  const by = actor.sub;
  if (action) {
    const { tool, arguments: given, dryRun } = action;
    return { action: { by, tool, arguments: given, ...(dryRun ? { dry_run: true } : {}) } };
  }
  return { intent: { by, text: text ?? '', ...(subject ? { subject } : {}) }, model: turnsOf(events) };
}

/** From where on a person put right what should not have come up: what they said then is no step of the case. */
function isWrong({ type, data }: AnyEvent, { cause, actionId }: Wished): boolean {
  if (!('actionId' in data) || data.actionId !== actionId) return false;
  if (cause === 'override')
    return type === 'countersign.approval.rejected.v1' || type === 'countersign.approval.edited.v1';
  return cause === 'drifted-preview' && type === 'countersign.action.returned.v1' && data.code === 'PREVIEW_CHANGED';
}

function decisionOf({ type, data }: Said, tools: ReadonlyMap<string, string>): Step {
  const tool = tools.get(data.actionId);
  const about = {
    by: data.approver.sub,
    ...(data.reason ? { reason: cut(data.reason, MAX_REASON) } : {}),
    ...(tool ? { tool } : {}),
    if_open: true,
  };
  switch (type) {
    case 'countersign.approval.granted.v1':
      return { approve: about };
    case 'countersign.approval.rejected.v1':
      return { reject: about };
    case 'countersign.approval.edited.v1':
      return { edit: { ...about, arguments: data.arguments } };
    default:
      return type satisfies never;
  }
}

function toolsOf(events: readonly AnyEvent[]): Map<string, string> {
  const tools = new Map<string, string>();
  for (const { data } of events) {
    const { actionId, tool } = data as JsonObject;
    if (typeof actionId === 'string' && typeof tool === 'string') tools.set(actionId, tool);
  }
  return tools;
}

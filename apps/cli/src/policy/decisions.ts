import { EVENTS, type EventData, type Preview } from '@countersign/contracts';

type Approved = EventData<'countersign.action.approved.v1'>;
type Denied = EventData<'countersign.action.denied.v1'>;
type Escalated = EventData<'countersign.action.escalated.v1'>;

/** A decision on an action as it is stored, with what it rested on and does not say itself. */
export type Decision = { at: string; preview: Preview | undefined; dryRun: boolean } & (
  | { verdict: 'approved'; data: Approved }
  | { verdict: 'denied'; data: Denied }
  | { verdict: 'escalated'; data: Escalated }
);

/** A record of a trace that proved to be what it says. */
export interface StoredRecord {
  at: string;
  type: string | null;
  data: unknown;
}

const VERDICTS = {
  'countersign.action.approved.v1': 'approved',
  'countersign.action.denied.v1': 'denied',
  'countersign.action.escalated.v1': 'escalated',
} as const;
const isDecision = (type: string | null): type is keyof typeof VERDICTS =>
  type !== null && Object.hasOwn(VERDICTS, type);

interface Known {
  preview?: Preview;
  dryRun: boolean;
}

/**
 * The decisions of one trace in their order, each with the preview that was known then and whether it was of a dry run: a denial
 * says neither.
 */
export function decisionsIn(records: readonly StoredRecord[]): Decision[] {
  const actions = new Map<string, Known>();
  return records.flatMap(({ at, type, data }) => {
    learn(actions, type, data);
    if (!isDecision(type)) return [];
    const parsed = EVENTS[type].data.safeParse(data);
    if (!parsed.success) return [];
    const { preview, dryRun } = actions.get(parsed.data.actionId) ?? { dryRun: false };
    return [{ at, preview, dryRun, verdict: VERDICTS[type], data: parsed.data } as Decision];
  });
}

/** What a record says of an action that its later decisions rest on. */
function learn(actions: Map<string, Known>, type: string | null, data: unknown): void {
  const said = data as { actionId?: string; action?: { actionId: string; dryRun: boolean } } & Partial<Approved>;
  const { actionId = said.action?.actionId, preview } = said;
  if (actionId === undefined) return;
  const { dryRun, ...before } = actions.get(actionId) ?? { dryRun: false };
  const seen = preview ? { preview } : {};
  switch (type) {
    case 'countersign.intent.accepted.v1':
    case 'countersign.action.proposed.v1':
      actions.set(actionId, { dryRun: said.action?.dryRun ?? said.dryRun ?? false });
      break;
    case 'countersign.action.previewed.v1':
    case 'countersign.action.escalated.v1':
      actions.set(actionId, { dryRun, ...before, ...seen });
      break;
    // It stands on the preview it names: on none after an edit, or under other rules.
    case 'countersign.action.approved.v1':
      actions.set(actionId, { dryRun, ...seen });
      break;
    default:
  }
}

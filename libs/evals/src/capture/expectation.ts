import type { AnyEvent, IncidentCause } from '@countersign/contracts';
import type { End, Expectation } from '../expectation.js';

/** An action of a trace and how it ended, or that it waits. */
export interface Ended {
  actionId: string;
  tool: string;
  ends: End;
  /** It changed the system of record. */
  changed: boolean;
  /** What it read was given out. */
  isRead: boolean;
}

const ENDINGS: Partial<Record<AnyEvent['type'], End>> = {
  'countersign.action.escalated.v1': 'waiting',
  'countersign.action.denied.v1': 'denied',
  'countersign.action.read.v1': 'read',
  'countersign.action.previewed.v1': 'previewed',
  'countersign.action.drafted.v1': 'drafted',
  'countersign.action.committed.v1': 'committed',
  'countersign.action.failed.v1': 'failed',
  'countersign.action.blocked.v1': 'blocked',
  'countersign.action.in-doubt.v1': 'in-doubt',
  'countersign.action.resolved.v1': 'resolved',
};

/** The actions of a trace in the order they came up, by the last that was said of each. */
export function endingsOf(events: readonly AnyEvent[]): Ended[] {
  const ended = new Map<string, Ended>();
  for (const { type, data } of events) {
    const ends = ENDINGS[type];
    if (!ends || !('actionId' in data)) continue;
    const actionId = data.actionId!;
    const tool = 'tool' in data ? (data.tool as string) : (ended.get(actionId)?.tool ?? '');
    const changed = ends === 'committed' || ('outcome' in data && ends === 'resolved' && data.outcome === 'committed');
    ended.set(actionId, { actionId, tool, ends, changed, isRead: ends === 'read' });
  }
  return [...ended.values()];
}

export interface Wished {
  cause: IncidentCause;
  actionId?: string | undefined;
}

/**
 * That what went wrong does not happen again: the case fails as the incident failed. Undefined where the trace does not tell what should
 * have been instead: a person has to say.
 */
export function expectationOf(
  { cause, actionId }: Wished,
  endings: readonly Ended[],
  read: readonly string[],
): Partial<Expectation> | undefined {
  const acted = endings.filter(({ isRead }) => !isRead);
  const isMeant = (one: Ended) => actionId === undefined || one.actionId === actionId;
  const ending = (wish: (one: Ended) => object) => ({
    outcomes: acted.map((one) => ({ tool: one.tool, ends: one.ends, ...(isMeant(one) ? wish(one) : {}) })),
  });
  switch (cause) {
    case 'opened':
      return opened(endings.filter(isMeant), acted, ending, read);
    case 'override':
      return ending(() => ({ ends: 'denied' }));
    case 'drifted-preview':
      return ending(() => ({ ends: 'waiting' }));
    case 'in-doubt':
      return ending(() => ({ ends: 'committed' }));
    case 'failed-done-check':
      return ending(() => ({ ends: 'committed', done: true }));
    default:
      return cause satisfies never;
  }
}

/** Where nothing else was changed, an effect is what must not be again, whatever stands in its way: a rule, or a person who is asked. */
function opened(
  meant: readonly Ended[],
  acted: readonly Ended[],
  ending: (wish: (one: Ended) => object) => Partial<Expectation>,
  read: readonly string[],
): Partial<Expectation> | undefined {
  const changing = acted.filter(({ changed }) => changed);
  if (meant.some(({ changed }) => changed))
    return changing.every((one) => meant.includes(one))
      ? { effects: [] }
      : ending(({ changed, ends }) => ({ ends: changed ? 'denied' : ends }));
  if (meant.some(({ ends }) => ['drafted', 'waiting', 'in-doubt', 'resolved'].includes(ends)))
    return ending(() => ({ ends: 'denied' }));
  if (meant.length > 0 && meant.every(({ isRead }) => isRead) && read.length > 0)
    return { effects: [], notRead: [...read] };
  return undefined;
}

/*
 * The switches and stages an action was stopped by, from the records of the control topic and what policy said of each.
 *
 *  1  A record is what somebody wrote, and who a trip says it comes from is a claim: whoever can write the topic may trip. Only what
 *     policy signed says that a re-arm or a stage came from a person who may.
 *  2  A re-arm that policy refused is shown as refused: it changed nothing.
 *  3  Only what was written before the action ended, and concerns its own tenant, workflow and tool.
 */
import { killScopesOf, STAGES, stageScopesOf, type ControlTarget, type JsonObject } from '@countersign/contracts';
import { need, type Missing } from './need.js';
import { ofType, storyOf, targetOf, type Stored, type Story } from './story.js';

type Written = Stored<'countersign.control.set.v1'>;
type Verdict = Stored<'countersign.control.applied.v1' | 'countersign.control.refused.v1'>;

/** A record of the control topic, its offset, and the first word of policy on it; one of the two may not be stored. */
interface Change {
  scope: string;
  epoch: number;
  written: Written | undefined;
  verdict: Verdict | undefined;
}

/** An action's end that a switch or a stage brought about. */
type Stop = Stored<'countersign.action.denied.v1' | 'countersign.action.blocked.v1'>;

export const scopesOf = (target: ControlTarget) => [...killScopesOf(target), ...stageScopesOf(target)];

interface Stopped {
  by: Stop;
  /** What led to it, the earliest first: the trip and all that was said of its scope since, or the stage in force. */
  changes: Change[];
}

const stopsIn = (events: readonly Stored[]): Stop[] =>
  ofType(events, 'countersign.action.denied.v1', 'countersign.action.blocked.v1').filter(
    ({ event }) => event.data.code === 'KILLED' || event.data.code === 'STAGE_FORBIDS',
  );

/** How a switch or a stage stopped the action, if one did. */
export function stoppedBy(story: Story): Stopped | undefined {
  const by = stopsIn([...story.decisions, ...story.results] as Stored[]).at(-1);
  const target = targetOf(story);
  return by && { by, changes: target ? changesBehind(by, target, story.control as Stored[]) : [] };
}

function changesBehind(stop: Stop, target: ControlTarget, control: readonly Stored[]): Change[] {
  const before = changesIn(control).filter(({ written, verdict }) => writtenAt(written, verdict) <= stop.at);
  switch (stop.event.data.code) {
    case 'KILLED':
      return sinceTrip(before, killScopesOf(target), stop.event.data.detail);
    case 'STAGE_FORBIDS':
      return stageInForce(before, stageScopesOf(target));
    default:
      return [];
  }
}

function changesIn(control: readonly Stored[]): Change[] {
  const changes = new Map<number, Change>();
  const change = (scope: string, epoch: number): Change => {
    const known = changes.get(epoch) ?? { scope, epoch, written: undefined, verdict: undefined };
    changes.set(epoch, known);
    return known;
  };
  for (const written of ofType(control, 'countersign.control.set.v1'))
    change(written.event.data.scope, Number(written.offset)).written = written;
  for (const verdict of ofType(control, 'countersign.control.applied.v1', 'countersign.control.refused.v1')) {
    const { scope, epoch, service } = verdict.event.data;
    if (service === 'policy') change(scope, epoch).verdict ??= verdict;
  }
  return [...changes.values()].sort((a, b) => a.epoch - b.epoch);
}

const writtenAt = (written: Written | undefined, verdict: Verdict | undefined) =>
  written?.at ?? verdict?.event.data.appendedAt ?? verdict!.at;

const valueOf = ({ written, verdict }: Change): JsonObject => {
  const value = verdict && 'value' in verdict.event.data ? verdict.event.data.value : written?.event.data.value;
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
};
const isRefused = ({ verdict }: Change) => verdict?.event.type === 'countersign.control.refused.v1';
const isTrip = (change: Change) => valueOf(change)['killed'] === true && !isRefused(change);

/** The scope the stop names, if it names one of the action's. */
function sinceTrip(changes: Change[], scopes: string[], detail: string): Change[] {
  const named = scopes.filter((scope) => detail.split(/\s/).includes(scope));
  const own = changes.filter(({ scope }) => (named.length ? named : scopes).includes(scope));
  const trip = own.findLast(isTrip);
  return trip ? own.filter(({ scope, epoch }) => scope === trip.scope && epoch >= trip.epoch) : [];
}

/** The narrower scope's word goes first. */
function stageInForce(changes: Change[], scopes: string[]): Change[] {
  for (const scope of scopes) {
    const last = changes.findLast(
      (change) => change.scope === scope && 'stage' in valueOf(change) && !isRefused(change),
    );
    if (last) return [last];
  }
  return [];
}

/** What a trace shows of switches and stages for one of its actions: what stopped it, and what was in force when it was last decided on. */
export function controlShown(actionId: string, trace: readonly Stored[]): Stored[] {
  const story = storyOf(actionId, trace);
  return story ? eventsIn([...(stoppedBy(story)?.changes ?? []), ...inForce(story)]) : [];
}

function inForce(story: Story): Change[] {
  const target = targetOf(story);
  const decided = story.decisions.at(-1);
  if (!target || !decided) return [];
  const before = changesIn(story.control as Stored[]).filter(
    (change) => writtenAt(change.written, change.verdict) <= decided.at && !isRefused(change),
  );
  const on = killScopesOf(target).flatMap((scope) => {
    const last = before.findLast((change) => change.scope === scope);
    return last && isTrip(last) ? [last] : [];
  });
  return [...on, ...stageInForce(before, stageScopesOf(target))];
}

export const eventsIn = (changes: Change[]): Stored[] =>
  changes.flatMap(({ written, verdict }) => [written, verdict].filter((stored) => stored !== undefined) as Stored[]);

/** A change of a switch or a stage, as values. `by`: of a trip, who it says it comes from; else whom policy verified. */
export interface Switched {
  scope: string;
  did: string;
  by: string | null;
  reason: string | null;
  /** Undecided: policy's word on it is not stored. */
  verdict: 'applied' | 'refused' | 'undecided';
  at: string;
}

export function accountOfChange(change: Change): Switched {
  const { scope, verdict, written } = change;
  const value = valueOf(change);
  const text = (name: string) => (typeof value[name] === 'string' ? value[name] : null);
  const did = 'stage' in value ? `set to ${String(value['stage'])}` : value['killed'] === true ? 'tripped' : 're-armed';
  const verified = did === 'tripped' ? undefined : verdict?.event.data.by;
  return {
    ...{ scope, did, by: verified ?? text('by'), reason: text('reason'), at: writtenAt(written, verdict) },
    verdict: isRefused(change) ? 'refused' : verdict ? 'applied' : 'undecided',
  };
}

export function changeText(change: Change): string {
  const { scope, did, by, reason, verdict, at } = accountOfChange(change);
  const refused = change.verdict?.event;
  if (refused?.type === 'countersign.control.refused.v1')
    return `an attempt at ${at} to have ${scope} ${did} was refused (${refused.data.code}) and changed nothing`;
  const isVerified = did !== 'tripped' && change.verdict?.event.data.by !== undefined;
  const claimed = by === null ? ' by somebody who did not say who' : `, as it says, by ${by}`;
  const whose = isVerified ? ` by ${by}` : claimed;
  const unconfirmed = did !== 'tripped' && verdict === 'undecided';
  return `${scope} was ${did}${unconfirmed ? ', which policy has not confirmed,' : whose} at ${at}${reason === null ? '' : `: "${reason}"`}`;
}

/** A stage that nobody set is read-only: the one that needs no record. */
const needsNoRecord = ({ code, detail }: Stop['event']['data']) =>
  code === 'STAGE_FORBIDS' && detail.includes(STAGES[0]);

export function missingFromControl(story: Story): Missing[] {
  const stopped = stoppedBy(story);
  if (!stopped) return [];
  const { by: stop, changes } = stopped;
  if (changes.length === 0) {
    if (needsNoRecord(stop.event.data)) return [];
    const what = stop.event.data.code === 'KILLED' ? 'the switch that stopped it' : 'the stage that forbade it';
    return [need(stop, `${what}: who set it, when and why`, ...WRITTEN, ...VERDICTS)];
  }
  return changes.flatMap(({ scope, written, verdict }) => {
    if (!written) return [need(verdict!, `the record on ${scope} that policy answered`, ...WRITTEN)];
    return verdict ? [] : [need(written, `policy's word on what was said of ${scope}`, ...VERDICTS)];
  });
}

const WRITTEN = ['countersign.control.set.v1'] as const;
const VERDICTS = ['countersign.control.applied.v1', 'countersign.control.refused.v1'] as const;

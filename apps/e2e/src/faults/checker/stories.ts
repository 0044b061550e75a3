import { TOPICS } from '@countersign/contracts';
import { placeOf, type Asked, type Effect, type History, type Told } from './history.js';
import { walk, type Walk } from './words.js';

/** All that was told of one action, each event once, in the order of time. */
export interface ActionStory {
  actionId: string;
  intentId: string;
  tool: string;
  events: Told[];
  walk: Walk;
  /** Warrants to commit. */
  commits: Told[];
}

export interface IntentStory {
  intentId: string;
  accepted: Told[];
  refused: Told[];
  replies: Told[];
  actions: ActionStory[];
}

/** A history, sorted out. */
export interface Sorted extends History {
  asked: Map<string, Asked>;
  /** The first record of each event, by topic and id. */
  events: Map<string, Told>;
  /** Records that have another's id and say something else. */
  contradictions: [Told, Told][];
  intents: Map<string, IntentStory>;
  actions: Map<string, ActionStory>;
  effectsByKey: Map<string, Effect[]>;
  /** The warrants to commit, by the key they carry. */
  commitsByKey: Map<string, Told[]>;
  /** What was written of switches, in its order. */
  switches: SwitchTold[];
}

export interface SwitchTold {
  scope: string;
  killed: boolean;
  epoch: number;
  at: number;
  place: string;
}

const OF_ACTIONS = /^countersign\.(action|approval)\.(?!requested|proposed)/;

/** What services say of themselves is said anew by each life of a process. */
const isTold = ({ topic }: Told) => topic !== 'audit' && topic !== 'control-acks' && topic !== 'control';

export function sortOut(history: History): Sorted {
  const { events, contradictions } = once(history.records);
  const actions = actionsOf([...events.values()].filter(({ type }) => OF_ACTIONS.test(type)));
  const commits = [...actions.values()].flatMap((action) => action.commits);
  return {
    ...history,
    ...{ events, contradictions, actions, intents: intentsOf(events, actions) },
    asked: new Map(history.client.flatMap((entry) => (entry.what === 'asked' ? [[entry.intentId, entry]] : []))),
    effectsByKey: Map.groupBy(history.effects, ({ idempotencyKey }) => idempotencyKey),
    commitsByKey: Map.groupBy(commits, ({ data }) => String(data['idempotencyKey'])),
    switches: switchesIn(history.records),
  };
}

const switchesIn = (records: readonly Told[]): SwitchTold[] =>
  records
    .filter(({ topic, data }) => topic === 'control' && String(data['scope']).startsWith('kill/'))
    .sort((a, b) => a.offset - b.offset)
    .map((told) => ({
      ...{ scope: String(told.data['scope']), epoch: told.offset, at: told.at, place: placeOf(told) },
      killed: (told.data['value'] as { killed?: unknown } | null)?.killed === true,
    }));

function once(records: readonly Told[]): Pick<Sorted, 'events' | 'contradictions'> {
  const events = new Map<string, Told>();
  const contradictions: [Told, Told][] = [];
  for (const told of [...records].filter(isTold).sort(inTime)) {
    const id = `${told.topic} ${told.id}`;
    const first = events.get(id);
    if (!first) events.set(id, told);
    else if (first.digest !== told.digest) contradictions.push([first, told]);
  }
  return { events, contradictions };
}

/** Within a millisecond what was caused comes after its cause. */
function inTime(a: Told, b: Told): number {
  if (a.at !== b.at) return a.at - b.at;
  if (a.cause === b.id || b.cause === a.id) return a.cause === b.id ? 1 : -1;
  return TOPICS.indexOf(a.topic) - TOPICS.indexOf(b.topic) || a.partition - b.partition || a.offset - b.offset;
}

function actionsOf(events: Told[]): Map<string, ActionStory> {
  const byAction = Map.groupBy(events, ({ data }) => String(data['actionId']));
  return new Map([...byAction].map(([actionId, told]) => [actionId, actionOf(actionId, told)]));
}

function actionOf(actionId: string, events: Told[]): ActionStory {
  const tool = events.map(({ data }) => data['tool']).find((named) => typeof named === 'string');
  const commits = events.filter(({ type, data }) => type === APPROVED && data['grant'] === 'commit');
  return { actionId, intentId: events[0]!.intentId, tool: String(tool), events, walk: walk(events), commits };
}

const APPROVED = 'countersign.action.approved.v1';

function intentsOf(events: Map<string, Told>, actions: Map<string, ActionStory>): Map<string, IntentStory> {
  const intents = new Map<string, IntentStory>();
  const of = (intentId: string) => {
    const known = intents.get(intentId) ?? { intentId, accepted: [], refused: [], replies: [], actions: [] };
    intents.set(intentId, known);
    return known;
  };
  for (const told of events.values()) {
    if (told.type === 'countersign.intent.accepted.v1') of(told.intentId).accepted.push(told);
    if (told.type === 'countersign.intent.refused.v1') of(told.intentId).refused.push(told);
    if (told.type === 'countersign.reply.sent.v1') of(told.intentId).replies.push(told);
  }
  for (const action of actions.values()) of(action.intentId).actions.push(action);
  return intents;
}

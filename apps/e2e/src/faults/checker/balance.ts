import { placeOf, type Told } from './history.js';
import { codeOf, endOf } from './laws/ends.js';
import type { ActionStory, Sorted } from './stories.js';
import { TOOLS } from './tools.js';

/** The figures behind the laws: what was approved and what became of it. */
export interface Balance {
  asked: number;
  actions: number;
  /** Actions that were let commit, and of those, how many … */
  approved: number;
  expiredUnsent: number;
  killedUnsent: number;
  /** … were decided otherwise once they came back unsent, or refused for good, … */
  otherwiseUnsent: number;
  /** … are in doubt, or were found or said to have failed. */
  inDoubt: number;
  effects: number;
  /** Every doubt there was, by its tool's class. */
  doubts: Record<string, number>;
  ends: Record<string, number>;
  /** Records that are copies of one told before. */
  copies: number;
  /** Commits that were between warrant and result while a fault was on. */
  commitsInFlight: number;
  audited: number;
}

export function balanceOf(sorted: Sorted): Balance {
  const approved = [...sorted.actions.values()].filter(({ commits }) => commits.length > 0);
  const unsent = approved.filter(({ walk }) => UNSENT.has(walk.state));
  const because = (code: string) => unsent.filter((story) => codeOf(story) === code).length;
  const [expired, killed] = [because('WARRANT_EXPIRED'), because('KILLED')];
  const wasInDoubt = [...sorted.actions.values()].filter(({ events }) => events.some(({ type }) => type === IN_DOUBT));
  const undone = wasInDoubt.filter((story) => !isFoundDone(story));
  return {
    asked: sorted.asked.size,
    actions: sorted.actions.size,
    approved: approved.length,
    expiredUnsent: expired,
    killedUnsent: killed,
    otherwiseUnsent: unsent.length - expired - killed,
    inDoubt: undone.length,
    effects: sorted.effects.length,
    doubts: tally(wasInDoubt.map(({ tool }) => TOOLS[tool]?.class ?? 'unknown')),
    ends: tally([...sorted.intents.values()].filter((one) => one.replies.length + one.refused.length > 0).map(endOf)),
    copies: copiesIn(sorted),
    commitsInFlight: approved.filter((story) => isHit(story, sorted)).length,
    audited: [...sorted.audited.values()].reduce((sum, { size }) => sum + size, 0),
  };
}

const UNSENT = new Set(['denied', 'blocked', 'failed']);
const IN_DOUBT = 'countersign.action.in-doubt.v1';
const isFoundDone = ({ events }: ActionStory) =>
  events.some(({ type, data }) => type === 'countersign.action.resolved.v1' && data['outcome'] === 'committed');

function tally(names: string[]): Record<string, number> {
  const counted: Record<string, number> = {};
  for (const name of names.sort()) counted[name] = (counted[name] ?? 0) + 1;
  return counted;
}

const SIDE = new Set(['audit', 'control', 'control-acks']);
const copiesIn = ({ records, events }: Sorted): number => {
  const firsts = new Set([...events.values()].map(placeOf));
  return records.filter((told) => !SIDE.has(told.topic) && !firsts.has(placeOf(told))).length;
};

/** A fault was on between one of its warrants and the result that answered it. */
function isHit({ commits, events }: ActionStory, { client }: Sorted): boolean {
  return commits.some((warrant) => {
    const answer = events.find((told) => told.topic === 'results' && isAnswer(told, warrant));
    const until = answer?.at ?? Infinity;
    return client.some((entry) => entry.what === 'fault' && entry.at <= until && entry.until >= warrant.at);
  });
}

const isAnswer = (result: Told, warrant: Told) => result.data['jti'] === warrant.data['jti'];

import { flaw, placeOf, type Flaw } from '../history.js';
import type { ActionStory, IntentStory, Sorted } from '../stories.js';
import { TOOLS } from '../tools.js';
import { ENDS } from '../words.js';

const placesOf = ({ events }: ActionStory) => events.map((told) => `${placeOf(told)} ${told.type}`);

/** One event, one content, however often it stands in the log. */
export const toldOneWay = ({ contradictions }: Sorted): Flaw[] =>
  contradictions.map(([first, second]) =>
    flaw('told-two-ways', `the event ${first.id} says two different things`, [placeOf(first), placeOf(second)]),
  );

/** Every intent that was asked ends in exactly one reply or refusal; what is in doubt is still open. */
export function everyIntentEnds({ asked, intents }: Sorted): Flaw[] {
  return [...asked.values()].flatMap(({ intentId, kind }) => {
    const story = intents.get(intentId);
    const name = `${kind} ${intentId}`;
    if (!story) return [flaw('lost-intent', `${name} was asked and nothing was ever said of it`, [])];
    const ends = [...story.replies, ...story.refused];
    if (ends.length > 1) return [flaw('ended-twice', `${name} ended ${ends.length} times`, ends.map(placeOf))];
    const isInDoubt = story.actions.some(({ walk }) => walk.state === 'doubt');
    if (ends.length === 1 || isInDoubt) return [];
    return [flaw('lost-intent', `${name} never ended`, story.actions.flatMap(placesOf))];
  });
}

/** Nothing is told of an intent that nobody asked. */
export const nothingUnasked = ({ asked, intents }: Sorted): Flaw[] =>
  [...intents.values()]
    .filter(({ intentId }) => !asked.has(intentId))
    .map(({ intentId, accepted, refused }) =>
      flaw('unasked', `${intentId} was asked by nobody`, [...accepted, ...refused].map(placeOf)),
    );

/** Every action's way is a legal word, to an end. */
export function legalWords({ actions }: Sorted): Flaw[] {
  return [...actions.values()].flatMap((story) => {
    const { state, illegal } = story.walk;
    const name = `${story.tool} ${story.actionId}`;
    if (illegal) {
      const { told, from } = illegal;
      return [flaw('illegal-word', `${name}: ${told.type} after ${from}, at ${placeOf(told)}`, placesOf(story))];
    }
    return ENDS.has(state) ? [] : [flaw('lost-action', `${name} stopped at ${state}`, placesOf(story))];
  });
}

/** A model's proposal is decided on. */
export function everyProposalDecided({ events, actions }: Sorted): Flaw[] {
  return [...events.values()]
    .filter(({ type, data }) => type === PROPOSED && !actions.has(String(data['actionId'])))
    .map((told) =>
      flaw('lost-action', `nobody decided on the proposal ${String(told.data['actionId'])}`, [placeOf(told)]),
    );
}

const PROPOSED = 'countersign.action.proposed.v1';

/** The reply names the outcome of each of its actions as it was. */
export function trueReplies({ intents, actions }: Sorted): Flaw[] {
  return [...intents.values()].flatMap(({ replies, intentId }) =>
    replies.flatMap((reply) =>
      outcomesIn(reply.data['actions']).flatMap(({ actionId, outcome }) => {
        const state = actions.get(actionId)?.walk.state;
        if (state === outcome) return [];
        const what = `the reply to ${intentId} calls ${actionId} ${outcome}; it is ${state ?? 'unknown'}`;
        return [flaw('untrue-reply', what, [placeOf(reply)])];
      }),
    ),
  );
}

const outcomesIn = (given: unknown): { actionId: string; outcome: string }[] =>
  Array.isArray(given) ? (given as { actionId: string; outcome: string }[]) : [];

/** What ended, ended as whoever asked must expect. */
export function lawfulEnds({ asked, intents }: Sorted): Flaw[] {
  return [...asked.values()].flatMap(({ intentId, kind, lawful, tool }) => {
    const story = intents.get(intentId);
    if (!story || story.replies.length + story.refused.length !== 1) return [];
    const end = endOf(story);
    if (lawful.includes(end) || isExcused(end, story, tool === undefined)) return [];
    const evidence = [...story.refused, ...story.replies].map(placeOf).concat(story.actions.flatMap(placesOf));
    return [flaw('wrong-end', `${kind} ${intentId} ended ${end}; lawful is ${lawful.join(' or ')}`, evidence)];
  });
}

/** The outcome of what was asked for, with its code if it has one: of a planned intent's last action that changes something. */
export function endOf({ refused, replies, actions }: IntentStory): string {
  if (refused[0]) return `refused ${String(refused[0].data['code'])}`;
  const changing = actions.filter(({ tool }) => Object.hasOwn(TOOLS, tool));
  const last = [...changing, ...(changing.length === 0 ? actions : [])].at(-1);
  if (!last) return `${String(replies[0]!.data['outcome'])} ${String(replies[0]!.data['code'] ?? '')}`.trim();
  const code = codeOf(last);
  return code === undefined ? last.walk.state : `${last.walk.state} ${code}`;
}

/** Of the decision or result that ended it, not of a word that came late. */
export function codeOf({ events }: ActionStory): string | undefined {
  const code = events.findLast(({ topic }) => topic === 'decisions' || topic === 'results')?.data['code'];
  return typeof code === 'string' ? code : undefined;
}

/** A switch may stop anything, a doubt may be resolved, and what nobody could reach, or had expired, may end undone. */
const EXCUSES = /^(blocked KILLED|denied KILLED|resolved|denied WARRANT_EXPIRED|denied INTENT_ENDED)$/;
const UNREACHED = /^(failed|denied) (UPSTREAM_FAILED|UPSTREAM_TIMEOUT)$/;
const UNPLANNED = /^failed (MODEL_FAILED|BUDGET_EXCEEDED)$/;

function isExcused(end: string, { actions }: IntentStory, isPlanned: boolean): boolean {
  const wasLetCommit = actions.some(({ commits }) => commits.length > 0);
  return EXCUSES.test(end) || (UNREACHED.test(end) && !wasLetCommit) || (UNPLANNED.test(end) && isPlanned);
}

/** Nothing ends as killed unless somebody tripped a switch of its scope before. */
export function killedBySomebody({ actions, switches, asked }: Sorted): Flaw[] {
  return [...actions.values()].flatMap((story) => {
    const killed = story.events.find(({ data }) => data['code'] === 'KILLED');
    if (!killed) return [];
    const scopes = scopesOf(story, asked.get(story.intentId)?.workflow ?? '');
    const tripped = switches.some(({ scope, killed: on, at }) => on && at <= killed.at && scopes.includes(scope));
    return tripped ? [] : [flaw('killed-by-nobody', `${story.tool} ${story.actionId} is killed`, [placeOf(killed)])];
  });
}

export const scopesOf = ({ tool, events }: ActionStory, workflow: string): string[] => [
  'kill/*',
  `kill/tenant/${events[0]!.tenant}`,
  `kill/workflow/${workflow}`,
  `kill/tool/${tool}`,
];

/** What is in doubt is listed, nothing else is, and nothing of class A ever was. */
export function doubtsAreKnown({ actions, listedInDoubt }: Sorted): Flaw[] {
  const doubts = [...actions.values()].filter(({ events }) => events.some(({ type }) => type === IN_DOUBT));
  const open = new Set(doubts.filter(({ walk }) => walk.state === 'doubt').map(({ actionId }) => actionId));
  const listed = new Set(listedInDoubt);
  return [
    ...doubts
      .filter(({ tool }) => TOOLS[tool]?.class === 'A')
      .map((story) => flaw('doubt-on-class-a', `${story.tool} ${story.actionId} was in doubt`, placesOf(story))),
    ...[...open]
      .filter((actionId) => !listed.has(actionId))
      .map((actionId) =>
        flaw('doubt-not-listed', `${actionId} is in doubt and not listed`, placesOf(actions.get(actionId)!)),
      ),
    ...[...listed]
      .filter((actionId) => !open.has(actionId))
      .map((actionId) => flaw('doubt-not-listed', `${actionId} is listed and not in doubt`, [])),
  ];
}

const IN_DOUBT = 'countersign.action.in-doubt.v1';

/** A verdict is one that a person gave. */
export function verdictsWereGiven({ actions, client }: Sorted): Flaw[] {
  const given = new Set(
    client.flatMap((entry) => (entry.what === 'settled' ? [`${entry.actionId} ${entry.outcome}`] : [])),
  );
  return [...actions.values()].flatMap(({ actionId, tool, events }) =>
    events
      .filter(({ type, data }) => type === RESOLVED && data['by'] === 'person')
      .filter(({ data }) => !given.has(`${actionId} ${String(data['outcome'])}`))
      .map((told) => flaw('settled-by-nobody', `nobody gave that verdict on ${tool} ${actionId}`, [placeOf(told)])),
  );
}

const RESOLVED = 'countersign.action.resolved.v1';

/** Audit holds every record of every topic. */
export function auditHoldsAll({ records, audited }: Sorted): Flaw[] {
  const missing = records.filter(({ topic, partition, offset }) => !audited.get(`${topic}/${partition}`)?.has(offset));
  if (missing.length === 0) return [];
  const evidence = missing.slice(0, 20).map((told) => `${placeOf(told)} ${told.type}`);
  return [flaw('audit-incomplete', `audit lacks ${missing.length} records`, evidence)];
}

const DRAIN_LIMIT_MS = 60_000;

export function drainedInTime({ lastFaultAt, drainedAt }: Sorted): Flaw[] {
  const tookMs = drainedAt - lastFaultAt;
  if (tookMs <= DRAIN_LIMIT_MS) return [];
  return [flaw('late-drain', `${(tookMs / 1000).toFixed(1)} s after the last fault something was still open`, [])];
}

import { isDeepStrictEqual } from 'node:util';
import { idempotencyKeyOf } from '@countersign/contracts';
import { flaw, ledgerPlaceOf, placeOf, type Effect, type Flaw, type Told } from '../history.js';
import type { ActionStory, Sorted } from '../stories.js';
import { differences } from '../tools.js';

const named = ({ kind, record, idempotencyKey }: Effect) => `the ${kind} of ${record} under ${idempotencyKey}`;

/** A key acts once. */
export const eachOnce = ({ effectsByKey }: Sorted): Flaw[] =>
  [...effectsByKey.values()]
    .filter((effects) => effects.length > 1)
    .map((effects) =>
      flaw('effect-twice', `${named(effects[0]!)} was made ${effects.length} times`, effects.map(ledgerPlaceOf)),
    );

/** An action that was committed has its effect, and what ended otherwise has none. In doubt: either. */
export function eachAsItEnded({ actions, effectsByKey }: Sorted): Flaw[] {
  return [...actions.values()].flatMap((story) => {
    const due = dueOf(story);
    const found = story.commits.flatMap(({ data }) => effectsByKey.get(String(data['idempotencyKey'])) ?? []);
    const name = `${story.tool} ${story.actionId}`;
    const evidence = [...found.map(ledgerPlaceOf), ...story.events.map((told) => `${placeOf(told)} ${told.type}`)];
    if (due === 1 && found.length === 0)
      return [flaw('effect-missing', `${name} is told as ${story.walk.state} and had no effect`, evidence)];
    if (due === 0 && found.length > 0)
      return [flaw('effect-forbidden', `${name} ended ${story.walk.state} and had an effect`, evidence)];
    return [];
  });
}

/** Undefined: nobody knows. Who settles doubts looks at the ledger, so that a verdict is true. */
function dueOf({ walk, events }: ActionStory): 0 | 1 | undefined {
  if (walk.state === 'committed') return 1;
  if (walk.state === 'doubt' || walk.state === 'committing') return undefined;
  if (walk.state !== 'resolved') return 0;
  const resolved = events.find(({ type }) => type === 'countersign.action.resolved.v1');
  return resolved?.data['outcome'] === 'committed' ? 1 : 0;
}

/** No effect without a warrant that stood on the topic when it began, under the action's own key, and it is what that warrant says. */
export function eachWarranted({ effects, commitsByKey }: Sorted): Flaw[] {
  return effects.flatMap((effect) => {
    const warrants = commitsByKey.get(effect.idempotencyKey) ?? [];
    // A broker tells milliseconds, a ledger less than that.
    const before = warrants.filter(({ at }) => at <= effect.startedAt + 1);
    const [warrant] = before;
    const places = [ledgerPlaceOf(effect), ...warrants.map(placeOf)];
    if (!warrant) return [flaw('effect-unwarranted', `${named(effect)} began without a warrant on the topic`, places)];
    return [...wrongKey(warrant), ...differs(effect, warrant)].map((what) =>
      flaw('effect-differs', `${named(effect)}: ${what}`, places),
    );
  });
}

function wrongKey({ tenant, data }: Told): string[] {
  const key = idempotencyKeyOf(tenant, String(data['actionId']), Number(data['revision']));
  return data['idempotencyKey'] === key ? [] : ["the warrant's key is not the action's"];
}

function differs(effect: Effect, { tenant, data }: Told): string[] {
  const args = (data['arguments'] ?? {}) as Record<string, unknown>;
  const foreign = effect.tenant === tenant ? [] : [`it is ${effect.tenant}'s, the warrant ${tenant}'s`];
  return [...foreign, ...differences(effect, String(data['tool']), args)];
}

/** What is let commit is what was asked for, or what a person made of it. Of words only the model knows. */
export function eachAsAsked({ actions, asked, client }: Sorted): Flaw[] {
  const said = client.filter((entry) => entry.what === 'said');
  const edits = Map.groupBy(said, ({ actionId }) => actionId);
  return [...actions.values()].flatMap((story) => {
    const wanted = asked.get(story.intentId);
    if (!wanted?.tool) return [];
    const edited = edits.get(story.actionId)?.map((edit) => edit.arguments) ?? [];
    return story.commits
      .filter(({ data }) => ![wanted.arguments, ...edited].some((args) => isDeepStrictEqual(args, data['arguments'])))
      .map((told) =>
        flaw('commit-not-as-asked', `${story.tool} ${story.actionId} has other arguments`, [placeOf(told)]),
      );
  });
}

/** What people were asked about is not committed without as many of them, who said so themselves and not of their own. */
export function eachAgreed({ actions, client }: Sorted): Flaw[] {
  const yeses = new Set(
    client.flatMap((entry) =>
      entry.what === 'said' && entry.decision === 'approve' ? [`${entry.actionId} ${entry.person}`] : [],
    ),
  );
  return [...actions.values()].flatMap((story) => {
    const asked = story.events.findLast(({ type }) => type === 'countersign.action.escalated.v1');
    return story.commits.flatMap((warrant) => {
      const people = ((warrant.data['approvers'] ?? []) as { sub: string }[]).map(({ sub }) => sub);
      const because = disagreement(story, warrant, people, asked, yeses);
      return because
        ? [flaw('commit-not-agreed', `${story.tool} ${story.actionId}: ${because}`, [placeOf(warrant)])]
        : [];
    });
  });
}

function disagreement(
  { actionId, events }: ActionStory,
  warrant: Told,
  people: string[],
  asked: Told | undefined,
  yeses: ReadonlySet<string>,
): string | undefined {
  const needed = asked && asked.at <= warrant.at ? Number(asked.data['approvalsNeeded']) : 0;
  if (people.length < needed) return `${needed} had to agree, and its warrant names ${people.length}`;
  for (const sub of people) {
    if (sub === (warrant.data['actor'] as { sub?: string } | undefined)?.sub)
      return `${sub} asked for it and agreed to it`;
    const granted = events.some(
      ({ type, data, at }) => type === GRANTED && approverOf(data) === sub && at <= warrant.at,
    );
    if (!granted) return `no grant of ${sub}'s stands on the topic before its warrant`;
    if (!yeses.has(`${actionId} ${sub}`)) return `${sub} never said yes to it`;
  }
  return undefined;
}

const GRANTED = 'countersign.approval.granted.v1';
const approverOf = (data: Told['data']) => (data['approver'] as { sub?: string } | undefined)?.sub;

/** No effect begins between a trip's acknowledgement and the re-arm of its scope: as services told it, and as the client was answered. */
export function noneWhileKilled(sorted: Sorted): Flaw[] {
  const quiet = [...quietAsTold(sorted), ...quietAsAnswered(sorted)];
  return sorted.effects.flatMap((effect) => {
    const [warrant] = sorted.commitsByKey.get(effect.idempotencyKey) ?? [];
    if (!warrant) return [];
    const { tool, workflow } = warrant.data;
    const scopes = [
      'kill/*',
      `kill/tenant/${warrant.tenant}`,
      `kill/workflow/${String(workflow)}`,
      `kill/tool/${String(tool)}`,
    ];
    return quiet
      .filter(({ scope, from, to }) => scopes.includes(scope) && effect.startedAt > from && effect.startedAt < to)
      .map(({ scope, from, place }) =>
        flaw(
          'effect-while-killed',
          `${named(effect)} began ${(effect.startedAt - from).toFixed(0)} ms after ${scope} was in force`,
          [ledgerPlaceOf(effect), place],
        ),
      );
  });
}

interface Quiet {
  scope: string;
  from: number;
  to: number;
  place: string;
}

/** From the first executor's word that a trip is in force to the next record that re-arms the scope. */
function quietAsTold({ records, switches }: Sorted): Quiet[] {
  const acks = records.filter(({ type, data }) => type === APPLIED && data['service'] === 'executor');
  return switches.flatMap(({ scope, killed, epoch, place }, index) => {
    const from = Math.min(...acks.filter(({ data }) => data['epoch'] === epoch).map(({ at }) => at));
    if (!killed || !Number.isFinite(from)) return [];
    const rearm = switches.slice(index + 1).find((next) => next.scope === scope && !next.killed);
    return [{ scope, from, to: rearm?.at ?? Infinity, place }];
  });
}

const APPLIED = 'countersign.control.applied.v1';

/** From the answer that said "in force" to the client's next call that re-arms the scope. */
function quietAsAnswered({ client }: Sorted): Quiet[] {
  const calls = client.filter((entry) => entry.what === 'switched');
  return calls.flatMap(({ scope, killed, status, answeredAt }, index) => {
    if (!killed || status !== 200) return [];
    const rearm = calls.slice(index + 1).find((next) => next.scope === scope && !next.killed);
    return [{ scope, from: answeredAt, to: rearm?.at ?? Infinity, place: `client's trip answered at ${answeredAt}` }];
  });
}

/** No effect begins when audit's last word on the topic is older than the limit. */
export function noneUnrecorded({ effects, records, auditLimitMs }: Sorted): Flaw[] {
  let newest = -Infinity;
  const beats = records
    .filter(({ type }) => type === 'countersign.audit.heartbeat.v1')
    .sort((one, other) => one.at - other.at)
    .map(({ at, data }) => {
      newest = Math.max(newest, Math.min(at, Date.parse(String(data['ingestedThrough']))));
      return { at, through: newest };
    });
  return effects.flatMap((effect) => {
    const { through = -Infinity } = beats[countUntil(beats, effect.startedAt + 1) - 1] ?? {};
    if (effect.startedAt <= through + auditLimitMs) return [];
    const past = Number.isFinite(through)
      ? `${(effect.startedAt - through - auditLimitMs).toFixed(0)} ms past`
      : 'before';
    return [flaw('begun-unrecorded', `${named(effect)} began ${past} audit's limit`, [ledgerPlaceOf(effect)])];
  });
}

/** How many of them were there by then. */
function countUntil(beats: { at: number }[], time: number): number {
  let [low, high] = [0, beats.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (beats[middle]!.at <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

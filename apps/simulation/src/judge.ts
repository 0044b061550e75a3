/*
 * What must be so after every history, by the records, the bank's ledger and what people asked for alone.
 *
 *  1  Each key acts once at most, whatever the class of its tool.
 *  2  Nothing is done without a commit warrant of policy's for this very action, amount and case, nor before it.
 *  3  What is over the limit was approved by somebody else than who asked.
 *  4  What is said of an action is so: committed, and resolved as committed, has its effect; whatever else ended has none.
 *  5  An action ends once, on a legal way.
 *  6  Each intent that was asked for ends in one reply or one refusal.
 *  7  Nothing of a scope begins between the acknowledgement of its trip and its re-arming.
 *  8  No budget is overrun.
 *  9  An action is denied once at most.
 * 10  Nothing is sent for the first time once audit was silent for longer than its limit.
 */
import {
  decodeRecord,
  idempotencyKeyOf,
  intentIdOf,
  killScopesOf,
  type AnyEvent,
  type EventData,
  type Topic,
} from '@countersign/contracts';
import type { Effect } from './bank.js';
import { AUDIT_LIMIT_MS, DAILY, LARGE } from './desk.js';
import { PEOPLE, type Name } from './keys.js';
import type { World } from './world.js';

type Warrant = EventData<'countersign.action.approved.v1'>;
interface Told {
  event: AnyEvent;
  at: number;
  offset: bigint;
}
interface Asked {
  id: string;
  name: Name;
}

export interface Judged {
  flaws: string[];
  effects: number;
  actions: number;
  inDoubt: number;
  blocked: number;
}

const short = (type: string) => type.replace(/^countersign\.|\.v1$/g, '');

/** Each event once, as it first stood. */
function told(world: World, ...topics: Topic[]): Told[] {
  const seen = new Set<string>();
  return topics
    .flatMap((topic) => world.cluster.read(topic))
    .map((record) => ({ event: decodeRecord(record).event, at: record.timestamp, offset: record.offset }))
    .sort((a, b) => a.at - b.at)
    .filter(({ event }) => !seen.has(event.id) && seen.add(event.id));
}

const intentOf = ({ id, name }: Asked) => intentIdOf(PEOPLE[name].tenant, '/shop', id);

/** Of those asked for, which have neither a reply nor a refusal. */
export function openIntents(world: World, asked: Asked[]): string[] {
  const ended = new Set<string>();
  for (const topic of ['replies', 'decisions'] as const)
    for (const { headers } of world.cluster.read(topic)) {
      const type = String(headers['ce_type']);
      if (type === 'countersign.reply.sent.v1' || type === 'countersign.intent.refused.v1')
        ended.add(String(headers['ce_correlationid']));
    }
  return [...new Set(asked.map(intentOf))].filter((id) => !ended.has(id));
}

export function flawsOf(world: World, asked: Asked[]): Judged {
  const { ledger } = world.bank;
  const decisions = told(world, 'decisions');
  const results = told(world, 'results');
  const warrants = decisions.flatMap(({ event, at }) =>
    event.type === 'countersign.action.approved.v1' ? [{ ...event.data, at }] : [],
  );
  const ways = waysOf([...decisions, ...results]);
  const flaws = [
    ...twice(ledger),
    ...ledger.flatMap((effect) => unwarranted(effect, warrants)),
    ...[...ways].flatMap(([actionId, way]) => flawsOfWay(actionId, way, warrants, ledger)),
    ...flawsOfIntents(world, asked),
    ...begunWhileKilled(world, warrants, ledger),
    ...overrun(warrants, ledger),
    ...deniedTwice(decisions),
    ...begunUnrecorded(world, results, ledger),
  ];
  const count = (type: string) => results.filter(({ event }) => short(event.type) === type).length;
  return {
    ...{ flaws, effects: ledger.length, actions: ways.size },
    ...{ inDoubt: count('action.in-doubt'), blocked: count('action.blocked') },
  };
}

function twice(ledger: readonly Effect[]): string[] {
  const keys = ledger.map(({ key }) => key);
  const again = ledger.filter(({ key }, at) => keys.indexOf(key) < at);
  return again.map(({ tool, key }) => `${tool} under ${key} acted more than once`);
}

function unwarranted({ key, tool, caseId, amount, at }: Effect, warrants: (Warrant & { at: number })[]): string[] {
  const mine = warrants.filter(({ idempotencyKey, grant }) => idempotencyKey === key && grant === 'commit');
  if (mine.length === 0) return [`${tool} of ${amount} was done without a warrant (${key})`];
  const fitting = mine.filter(
    (one) => one.tool === tool && one.arguments['amount'] === amount && one.arguments['caseId'] === caseId,
  );
  if (fitting.length === 0) return [`${tool} of ${amount} is not what ${mine[0]!.actionId} was granted`];
  if (!fitting.some((one) => one.at <= at)) return [`${tool} of ${amount} was done before its warrant (${key})`];
  const approved = fitting.some(({ approvers, actor }) => approvers.some(({ sub }) => sub !== actor.sub));
  return Number(amount) > LARGE && !approved ? [`${tool} of ${amount} was done without a person's approval`] : [];
}

type Way = Told[];

function waysOf(all: Told[]): Map<string, Way> {
  const ways = new Map<string, Way>();
  for (const one of all.sort((a, b) => a.at - b.at)) {
    if (!one.event.type.startsWith('countersign.action.')) continue;
    const { actionId } = one.event.data as { actionId: string };
    const way = ways.get(actionId);
    if (way) way.push(one);
    else ways.set(actionId, [one]);
  }
  return ways;
}

const ENDS = ['denied', 'read', 'drafted', 'committed', 'failed', 'blocked', 'resolved'];

function flawsOfWay(actionId: string, way: Way, warrants: Warrant[], ledger: readonly Effect[]): string[] {
  const words = way.map(({ event }) => short(event.type).slice('action.'.length));
  const said = words.join(' ');
  const dry = warrants.some((one) => one.actionId === actionId && one.dryRun);
  const ends = way.filter((_, at) => ENDS.includes(words[at]!) || (dry && words[at] === 'previewed'));
  const flaws: string[] = [];
  if (ends.length > 1) flaws.push(`${actionId} ended more than once: ${said}`);
  if (words.some((word, at) => RESULTS.includes(word) && !words.slice(0, at).includes('approved')))
    flaws.push(`${actionId} has a result before a warrant: ${said}`);
  const keys = new Set(
    warrants
      .filter((one) => one.actionId === actionId)
      .map(({ tenant, revision }) => idempotencyKeyOf(tenant, actionId, revision)),
  );
  const effects = ledger.filter(({ key }) => keys.has(key)).length;
  const done = ends.some(({ event }) => isDone(event));
  if (ends.length > 0 && done !== effects > 0)
    flaws.push(`${actionId} is said to be ${done ? '' : 'not '}done, and has ${effects} effects: ${said}`);
  if (ends.length === 0 && !words.includes('in-doubt')) flaws.push(`${actionId} has no end: ${said}`);
  return flaws;
}

const RESULTS = ['read', 'previewed', 'drafted', 'committed', 'failed', 'blocked', 'returned', 'in-doubt'];

function isDone(event: AnyEvent): boolean {
  if (event.type === 'countersign.action.resolved.v1') return event.data.outcome === 'committed';
  return event.type === 'countersign.action.committed.v1';
}

function flawsOfIntents(world: World, asked: Asked[]): string[] {
  const ends = told(world, 'decisions', 'replies').filter(({ event }) =>
    ['intent.refused', 'reply.sent'].includes(short(event.type)),
  );
  const known = new Set(asked.map(intentOf));
  const flaws = [...known].flatMap((id) => {
    const mine = ends.filter(({ event }) => event.correlationid === id);
    return mine.length > 1
      ? [`the intent ${id} ended ${mine.length} times: ${mine.map(({ event }) => short(event.type)).join(' ')}`]
      : [];
  });
  const strangers = ends.filter(({ event }) => !known.has(event.correlationid));
  return [...flaws, ...strangers.map(({ event }) => `the intent ${event.correlationid} was never asked for`)];
}

/** By executor's acknowledgements, each from when the broker had it. */
function begunWhileKilled(world: World, warrants: Warrant[], ledger: readonly Effect[]): string[] {
  const said = told(world, 'control');
  return told(world, 'control-acks').flatMap(({ event, at }) => {
    if (event.type !== 'countersign.control.applied.v1' || event.data.service !== 'executor') return [];
    const { scope, value, epoch } = event.data;
    if (!isTrip(value)) return [];
    const rearmed = said.find(
      (one) =>
        one.event.type === 'countersign.control.set.v1' &&
        one.event.data.scope === scope &&
        one.offset > BigInt(epoch) &&
        (one.event.data.value as { killed?: boolean } | null)?.killed === false,
    );
    const until = rearmed?.at ?? Infinity;
    return ledger.flatMap((effect) => {
      const warrant = warrants.find(({ idempotencyKey }) => idempotencyKey === effect.key);
      const stopped = warrant && killScopesOf(warrant).includes(scope) && effect.at > at && effect.at < until;
      return stopped
        ? [
            `${effect.tool} (${warrant.actionId}) began ${effect.at - at} ms after the trip of ${scope} was acknowledged`,
          ]
        : [];
    });
  });
}

const isTrip = (value: unknown) => (value as { killed?: boolean } | null)?.killed === true;

function overrun(warrants: Warrant[], ledger: readonly Effect[]): string[] {
  const sums = new Map<string, number>();
  for (const { key, amount } of ledger) {
    const tenant = warrants.find(({ idempotencyKey }) => idempotencyKey === key)?.tenant;
    if (tenant) sums.set(tenant, (sums.get(tenant) ?? 0) + Number(amount));
  }
  return [...sums].flatMap(([tenant, sum]) => (sum > Number(DAILY) ? [`${tenant} has spent ${sum} of ${DAILY}`] : []));
}

/** Of what was done by its first send, the warrant's first attempt. */
function begunUnrecorded(world: World, results: Told[], ledger: readonly Effect[]): string[] {
  const beats = told(world, 'audit').map(({ at }) => at);
  return results.flatMap(({ event }) => {
    if (event.type !== 'countersign.action.committed.v1' || event.data.attempts > 1) return [];
    const effect = ledger.find(({ key }) => key === event.data.idempotencyKey);
    if (!effect) return [];
    const last = Math.max(-Infinity, ...beats.filter((at) => at <= effect.at));
    const late = effect.at - last - AUDIT_LIMIT_MS;
    return late > 0 ? [`${effect.tool} (${event.data.actionId}) began ${late} ms after audit's limit`] : [];
  });
}

function deniedTwice(decisions: Told[]): string[] {
  const denials = new Map<string, number>();
  for (const { event } of decisions)
    if (event.type === 'countersign.action.denied.v1')
      denials.set(event.data.actionId, (denials.get(event.data.actionId) ?? 0) + 1);
  return [...denials].flatMap(([actionId, count]) => (count > 1 ? [`${actionId} was denied ${count} times`] : []));
}

/*
 * What the session of an agent outside was told and has read (a workflow whose `agent` is `outside`). What it guarantees:
 * 1. The user's words are those of intents, never of an action's request: those are the agent's.
 * 2. What any action of the session read or was answered counts for each that is asked for after policy heard of it. While the
 *    answer of one is still on its way here, strangers may have been heard: nobody knows, so it is taken for granted, for as long as it takes.
 * 3. It is kept under the verified tenant and user, so that no two people share one; and it is bounded: of reads the oldest go, of
 *    the user's words the first, and where strangers' are more than is kept every value that the user did not say may be theirs.
 */
import { sessionIdOf, type Json, type JsonObject, type Person, type RecordRead } from '@countersign/contracts';
import { put, type Effect, type States } from '@countersign/messaging/stream';
import type { LoadedWorkflow } from '@countersign/workflow-kit';
import type { Facts } from './facts.js';
import { contractNamed } from './judge.js';
import type { About } from './open-action.js';
import { withRead, withStrangers } from './provenance.js';
import {
  intentKey,
  MAX_TEXT_KEPT,
  MAX_TOKENS,
  sessionKey,
  type AcceptedIntent,
  type Action,
  type Intent,
  type OpenAction,
} from './state.js';

export interface SessionMemory extends Pick<
  AcceptedIntent,
  'text' | 'reads' | 'strangers' | 'strangersCut' | 'tokens'
> {
  tag: 'session';
  /** Actions that were granted, and not answered yet. */
  open: string[];
}

/** More of them at once than any agent waits for. */
const MAX_OPEN = 100;

const NEW: SessionMemory = { tag: 'session', reads: [], open: [] };

/** Of a request: under which id its session is remembered, if it is. */
export function rememberedSession(
  loaded: LoadedWorkflow | undefined,
  person: Pick<Person, 'tenant' | 'sub'>,
  session: string,
): string | undefined {
  if (loaded?.workflow.agent !== 'outside') return undefined;
  return sessionIdOf(person.tenant, person.sub, loaded.workflow.name, session);
}

const memoryIn = (states: States, sessionId: string) => states.get<SessionMemory>(sessionKey(sessionId)) ?? NEW;

/** An action's intent with all that its session knows; a user's with what his words add to that. */
export function recalled(intent: AcceptedIntent, states: States): AcceptedIntent {
  if (intent.sessionId === undefined || intent.kind === 'intent') return intent;
  const { text, reads, strangers, strangersCut, tokens = [], open } = memoryIn(states, intent.sessionId);
  return {
    ...intent,
    ...{ reads, tokens: merged(tokens, intent.tokens) },
    ...(text === undefined ? {} : { text }),
    ...(strangers === undefined ? {} : { strangers }),
    ...(strangersCut ? { strangersCut } : {}),
    ...(open.length > 0 ? { mayHaveHeard: true as const } : {}),
  };
}

const merged = (before: readonly string[], news: readonly string[] = []) =>
  [...new Set([...before, ...news])].slice(-MAX_TOKENS);

/** Guarantee 1: what its user said. */
export function withWords(intent: AcceptedIntent, states: States): Effect[] {
  if (intent.sessionId === undefined) return [];
  const memory = memoryIn(states, intent.sessionId);
  const words = [memory.text, intent.text, intent.subjectId].filter((text) => text !== undefined).join('\n');
  const said: SessionMemory = {
    ...memory,
    text: words.slice(-MAX_TEXT_KEPT).toWellFormed(),
    tokens: merged(memory.tokens ?? [], intent.tokens),
  };
  return [put(sessionKey(intent.sessionId), withStrangers(said, intent.strangers ? [intent.strangers] : []))];
}

/** Guarantee 2: its answer is on its way. */
export function awaiting(intent: AcceptedIntent, action: Action, states: States): Effect[] {
  if (intent.sessionId === undefined || action.tag !== 'granted') return [];
  if (action.grant !== 'read' && action.grant !== 'commit') return [];
  const { open, ...memory } = memoryIn(states, intent.sessionId);
  const cut = open.length >= MAX_OPEN ? { strangersCut: true as const } : {};
  return [put(sessionKey(intent.sessionId), { ...memory, ...cut, open: [...open, action.actionId].slice(-MAX_OPEN) })];
}

/** The row of the session that a result belongs to. */
export function memoryTouches({ event }: About, states: States): string[] {
  const intent = states.get<Intent>(intentKey(event.data.intentId));
  return intent?.tag !== 'accepted' || intent.sessionId === undefined ? [] : [sessionKey(intent.sessionId)];
}

/** What an action was answered: a result, or the words in which it failed. */
export interface Answered {
  result?: Json | undefined;
  recordsRead?: readonly RecordRead[];
  /** What the target said of it, which its agent is told. */
  detail?: string | undefined;
}

export function withAnswer(
  intent: AcceptedIntent,
  { actionId, tool, arguments: args }: OpenAction,
  { result, recordsRead = [], detail }: Answered,
  states: States,
  { workflows }: Facts,
): Effect[] {
  if (intent.sessionId === undefined) return [];
  const before = memoryIn(states, intent.sessionId);
  const memory: SessionMemory = { ...before, open: before.open.filter((one) => one !== actionId) };
  const loaded = workflows.get(intent.workflow);
  // Of what nobody says whose words they are, they may be anybody's.
  const trust = (loaded && contractNamed(loaded, tool)?.trust) ?? 'untrusted';
  const told = { tool, arguments: args as JsonObject, recordsRead, trust };
  const seen = result === undefined ? memory : withRead(memory, { ...told, result }, loaded?.workflow.sources ?? []);
  const strange = detail !== undefined && trust === 'untrusted' ? [detail] : [];
  return [put(sessionKey(intent.sessionId), withStrangers(seen, strange))];
}

import {
  jcs,
  parseStrictJson,
  payloadFlaw,
  Poison,
  refusal,
  type JsonObject,
  type Refusal,
} from '@countersign/contracts';
import type { ToolContract } from '@countersign/tool-sdk';
import { LIMITS, type ToolCall, type TurnOutcome } from './state.js';

type Answered = Extract<TurnOutcome, { tag: 'answered' }>;

/** A call of the model's, as it goes to policy or back to the model as an error. `raw` is what the transcript keeps. */
export type JudgedCall = { callId: string; raw: ToolCall } & (
  { tag: 'call'; arguments: JsonObject } | { tag: 'error'; error: Refusal }
);

/**
 * Judges the form of a turn's calls, never their meaning: policy does that. Unreadable arguments, tools the workflow does
 * not have, the same call once more in one turn and calls over the limits become errors that the model sees. `used`: ids of the
 * intent's earlier calls.
 */
export function judgeCalls(
  calls: Answered['calls'],
  turn: number,
  room: number,
  tools: readonly Known[],
  used: readonly string[],
): JudgedCall[] {
  const seen = new Set(used);
  const asked = new Set<string>();
  return calls.map((call, index) => {
    const callId = callIdOf(call.id, turn, index, seen);
    const raw: ToolCall = {
      id: callId,
      type: 'function',
      function: { name: safeName(call.name), arguments: call.arguments },
    };
    const judged = index < Math.min(LIMITS.callsPerTurn, room) ? judge(call, tools, asked) : tooMany(room);
    const kept = judged.tag === 'call' ? raw : { ...raw, function: { ...raw.function, arguments: '{}' } };
    return { callId, raw: kept, ...judged };
  });
}

type Known = Pick<ToolContract, 'name' | 'effect'>;
type Judged = { tag: 'call'; arguments: JsonObject } | { tag: 'error'; error: Refusal };

function judge(call: Answered['calls'][number], tools: readonly Known[], asked: Set<string>): Judged {
  if (call.flaw) return invalid(call.flaw);
  const tool = tools.find(({ name }) => name === call.name);
  if (!tool) {
    const names = tools.map(({ name }) => name).join(', ');
    return {
      tag: 'error',
      error: refusal('UNKNOWN_TOOL', `there is no tool ${safeName(call.name)}; there are ${names}`),
    };
  }
  const parsed = readArguments(call.arguments);
  if (typeof parsed === 'string') return invalid(parsed);
  if (tool.effect !== 'read' && isRepeat(jcs([tool.name, parsed]), asked))
    return invalid('the same call stands in this turn already, and is made once');
  return { tag: 'call', arguments: parsed };
}

/** Models repeat a call within a turn by mistake. Whoever means it twice asks again, having seen what came of the first. */
const isRepeat = (call: string, asked: Set<string>) => asked.size === asked.add(call).size;

/** The arguments, or why they are none. An escaped U+0000 is refused: no row and no target can hold it. */
function readArguments(text: string): JsonObject | string {
  try {
    const { value } = parseStrictJson(new TextEncoder().encode(text.trim() || '{}'));
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return 'the arguments are not a JSON object';
    const flaw = payloadFlaw(value);
    if (flaw) return `the arguments cannot be passed on: ${flaw}`;
    if (JSON.stringify(value).includes('\\u0000')) return 'the arguments hold characters that are not text';
    return value as JsonObject;
  } catch (error) {
    if (error instanceof Poison) return `the arguments are not readable JSON (${error.reason}: ${error.detail})`;
    throw error;
  }
}

const invalid = (detail: string): Judged => ({ tag: 'error', error: refusal('INVALID_ARGUMENTS', detail) });

function tooMany(room: number): Judged {
  const detail =
    room < LIMITS.callsPerTurn
      ? `an intent may propose at most ${LIMITS.actsPerIntent} actions`
      : `at most ${LIMITS.callsPerTurn} calls a turn; this one was not looked at`;
  return { tag: 'error', error: refusal('LIMIT_EXCEEDED', detail) };
}

/** The model's own id if it can stand in an event and its intent has not used it. */
function callIdOf(given: string, turn: number, index: number, seen: Set<string>): string {
  let own = /^[\x21-\x7e]{1,100}$/.test(given) ? given : `call_${turn}_${index}`;
  if (seen.has(own)) own = `call_${turn}_${index}`;
  while (seen.has(own)) own += '_';
  seen.add(own);
  return own;
}

/** A name the chat-completions wire takes back. */
const safeName = (name: string) => name.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, 64) || 'unnamed';

export const errorShown = ({ code, detail, nextStep }: Refusal) =>
  JSON.stringify({ status: 'error', code, detail, nextStep });

/** Whether text is a tool call written out in words: it must not pass as an answer. */
export function looksLikeCall(text: string): boolean {
  const bare = text
    .trim()
    .replace(/^```(?:json)?\s*/, '')
    .replace(/\s*```$/, '');
  if (/^<(tool_call|function_call|function=)/.test(bare)) return true;
  if (!/^[[{]/.test(bare)) return false;
  try {
    const value: unknown = JSON.parse(bare);
    return hasCallShape(Array.isArray(value) ? value[0] : value);
  } catch {
    return /^\[?\{\s*"(tool|function|name|tool_calls)"\s*:/.test(bare);
  }
}

function hasCallShape(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const names = Object.keys(value);
  const called = ['name', 'tool', 'function', 'tool_calls'].some((key) => names.includes(key));
  return (
    called &&
    (names.includes('tool_calls') ||
      ['arguments', 'parameters', 'args', 'input'].some((key) => names.includes(key)) ||
      names.includes('function'))
  );
}

/*
 * What an approver makes of a call. What it guarantees:
 * 1. An edit is a new revision: its arguments pass the tool's own schema, with the types they came with, and nothing of it is guessed.
 *    What was computed and said before is void; the rules there are now decide again, on a fresh effect, and then a person in any case.
 * 2. Nobody brings in a value this way that the session may not use: a token is one it has said or read, and what is hidden is
 *    named by its token.
 * 3. An edit that cannot be taken leaves the item as it was, open, and says why.
 * 4. What was proposed, each edit with whose it was, and what takes effect are all kept.
 */
import { jcs, MAX_REQUEST_CHARS, payloadFlaw, type Json, type JsonObject } from '@countersign/contracts';
import { put, type Effect, type States } from '@countersign/messaging/stream';
import { sealFields, type ToolContract } from '@countersign/tool-sdk';
import { personsWord, type Word } from './approvals.js';
import { askAgain, judgeChanged, judgedAnew, notNow } from './asked.js';
import { checkedOf, type Facts, type Of, type Said } from './facts.js';
import { contractOf, fitting } from './judge.js';
import { decidedOn, editTouches, intentTouches } from './open-action.js';
import { unknownTokens } from './provenance.js';
import { intentKey, MAX_EDITS, MAX_EDITS_CHARS, MAX_TOKENS, type AcceptedIntent, type Edit } from './state.js';
import { unstorable } from './storable.js';

type Edited = Of<'countersign.approval.edited.v1'>;

export const edited = { touches: intentTouches, touchesAlso: editedTouches, decide: decideEdited };

function editedTouches(incoming: Edited, states: States, facts: Facts): string[] {
  return editTouches(incoming, argumentsOf(incoming, facts), states, facts);
}

/** The new arguments, with values of known shapes sealed. */
function argumentsOf(incoming: Edited, facts: Facts): JsonObject {
  const checked = checkedOf(incoming, facts);
  return (checked.tag === 'approver' && checked.said?.arguments) || incoming.event.data.arguments;
}

function decideEdited(incoming: Edited, states: States, facts: Facts, now: Date): Effect[] {
  const found = personsWord(incoming, states, facts, now);
  if (Array.isArray(found)) return found;
  const checked = checkedOf(incoming, facts);
  const said = checked.tag === 'approver' ? checked.said : undefined;
  const { action } = found;
  const of = { ...found.of, intent: withTokens(found.of.intent, said) };
  const refused = (because: string) => decidedOn(found.of, action, askAgain(found.of, action, because));
  const stopped = notNow(of, action.tool);
  if (stopped) return refused(stopped);
  const contract = contractOf(of, action.tool);
  if (!contract) return decidedOn(of, action, judgedAnew(of, action));
  const change = flawOf(incoming) ?? changed({ ...found, of }, contract, argumentsOf(incoming, facts));
  if (typeof change === 'string') return refused(`INVALID_ARGUMENTS: ${change}`);
  // With other arguments it is counted elsewhere.
  const { booked: _, ...unbooked } = action;
  const revised = { toolVersion: contract.version, revision: action.revision + 1, asked: [] };
  const decided = judgeChanged(of, unbooked, { ...change, ...revised }, action);
  const { data } = decided.event;
  // Guarantee 3: it is the edit that may not be, not the action.
  if ('code' in data) return refused(`${data.code}: ${'detail' in data ? data.detail : ''}`);
  const remembered = said && of.intent.kind === 'intent' ? [put(intentKey(of.intent.intentId), of.intent)] : [];
  return [...remembered, ...decidedOn(of, action, decided)];
}

/** What the approver said may be used, as what the user said. */
function withTokens(intent: AcceptedIntent, said: Said | undefined): AcceptedIntent {
  if (!said?.tokens.length) return intent;
  return { ...intent, tokens: [...new Set([...(intent.tokens ?? []), ...said.tokens])].slice(-MAX_TOKENS) };
}

function flawOf({ event, text }: Edited): string | undefined {
  if (text.length > MAX_REQUEST_CHARS) return `${text.length} characters; at most ${MAX_REQUEST_CHARS}`;
  return unstorable(text)
    ? 'the text holds the character U+0000 or half a character'
    : payloadFlaw(event.data.arguments);
}

/** The action's new arguments beside all edits, or why there are none. */
function changed(
  { of, action, approver }: Word,
  contract: ToolContract,
  given: JsonObject,
): { arguments: JsonObject; edits: Edit[] } | string {
  const fit = fitting(of, contract, given);
  if ('code' in fit) return fit.detail;
  const { arguments: after } = fit;
  const { arguments: before } = action;
  if (jcs(after) === jcs(before)) return 'nothing was changed';
  if (bareValues(of.intent, contract, before, after)) return 'a hidden value is named by its token, as it was shown';
  const { sub: by, roles, reason, at } = approver;
  const edit: Edit = { by, roles, reason, at, arguments: before, narrowing: narrows(contract, before, after) };
  const edits = [...(action.edits ?? []), edit];
  if (edits.length > MAX_EDITS) return `it was edited ${MAX_EDITS} times; reject it instead`;
  if (JSON.stringify(edits).length > MAX_EDITS_CHARS) return 'the edits have grown too long to be kept';
  return { arguments: after, edits };
}

/** Guarantee 2: whether a personal, financial or secret field holds something new that is not a token of this session. */
function bareValues(intent: AcceptedIntent, { input }: ToolContract, before: JsonObject, after: JsonObject): boolean {
  const hidden = (args: JsonObject) => {
    const found: string[] = [];
    sealFields(input, args, (value, dataClass) => {
      found.push(jcs(value));
      return { $sealed: { token: 'tok_hidden', class: dataClass } };
    });
    return found;
  };
  const known = new Set(hidden(before));
  return hidden(after).some((value) => !known.has(value) && !isToken(JSON.parse(value) as Json, intent));
}

const isToken = (value: Json, intent: AcceptedIntent) =>
  typeof value === 'string' && /^tok_[0-9a-f]{32}$/.test(value) && unknownTokens({ value }, intent).length === 0;

/** Unsure is never yes. */
function narrows(contract: ToolContract, before: JsonObject, after: JsonObject): boolean {
  try {
    return contract.narrows?.(before, after) === true;
  } catch {
    return false;
  }
}

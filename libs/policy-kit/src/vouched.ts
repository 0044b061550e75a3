import type { ArgumentProvenance, Json, JsonObject } from '@countersign/contracts';
import { defineRule, escalate, pass, type Rule, type RuleFacts } from './rule.js';

/**
 * A rule for tools of any kind, which names none of them: nothing goes anywhere because a stranger wrote so.
 *
 * Of a tool that changes state or sends data out it looks at every value in the arguments:
 * - an input that `decides` over a recipient, a destination, an amount or a target has to be the user's own words, a record's field whose
 *   source vouches for it (`system`, `user`), or an approver's edit; of the user's words no bare number or two letters, unless it is an
 *   amount: such stand in words for many things. What strangers wrote, what nobody vouches for and what the model made
 *   up is decided by a person of these roles;
 * - any other input may be the model's own words, as long as it has read no stranger's: then those may speak through it.
 *
 * It never allows: another rule, or the permission map with a rule that allows, says who may act at all. A dry run changes nothing.
 *
 * @example
 * rules: [vouchedFor({ roles: ['lead'] }), writes]
 */
export function vouchedFor({ roles }: { roles: readonly string[] }): Rule {
  return defineRule({
    name: 'vouched-for',
    title: 'What a stranger wrote, or nobody vouches for, is decided by a person',
    decide(facts) {
      if (facts.tool.effect === 'read') return pass('it reads, and sends nothing out');
      const objections = objectionsTo(facts);
      if (objections.length === 0) return pass('the user or a trusted record gave every value that decides');
      const more = objections.length > MAX_SAID ? `; and ${objections.length - MAX_SAID} more` : '';
      return escalate(objections.slice(0, MAX_SAID).join('; ') + more, roles);
    },
  });
}

const MAX_SAID = 5;

function objectionsTo({ arguments: args, provenance, decides = {}, heardStrangers }: RuleFacts): string[] {
  return leavesOf(args).flatMap(([path, value]) => {
    const input = path.split('.', 1)[0]!;
    const over = Object.hasOwn(decides, input) ? decides[input] : undefined;
    if (typeof value === 'boolean' && over === undefined) return [];
    const from = Object.hasOwn(provenance, path) ? provenance[path] : undefined;
    const isThin = from?.origin === 'user' && over !== undefined && over !== 'amount' && saysLittle(value);
    if (isThin) return [`${path.slice(0, 100)} (${over}): too short for the user's words to mean just that`];
    if (isVouchedFor(from)) return [];
    // Unsure is never yes: where nobody says whether strangers were read, they were.
    const isOwn =
      from?.origin === 'model' && from.trust === undefined && over === undefined && heardStrangers === false;
    if (isOwn) return [];
    return [`${path.slice(0, 100)}${over ? ` (${over})` : ''}: ${because(from)}`];
  });
}

/** `13` stands in words for a day, a sum, a page: that somebody said it does not make it the file to delete. */
const saysLittle = (value: string | number | boolean) => /^(?:\d{1,6}|.{0,2})$/su.test(String(value));

const isVouchedFor = (from: ArgumentProvenance | undefined): boolean =>
  from !== undefined && (from.origin === 'approver' || from.trust === 'user' || from.trust === 'system');

function because(from: ArgumentProvenance | undefined): string {
  if (from === undefined) return 'too much to say where it comes from';
  if (from.trust === 'untrusted') return "from a stranger's text, not from the user";
  if (from.origin === 'record') return 'from a record whose source vouches for nothing';
  return 'from the model, neither from the user nor from a record it read';
}

/** All scalars by the paths that provenance names them by. What is left empty says nothing of its own. */
function leavesOf(value: Json, path = ''): [string, string | number | boolean][] {
  if (value === null || value === '') return [];
  if (typeof value !== 'object') return [[path, value]];
  const entries = Array.isArray(value)
    ? value.map((item, at) => [String(at), item] as const)
    : Object.entries(value as JsonObject);
  return entries.flatMap(([name, item]) => leavesOf(item as Json, path ? `${path}.${name}` : name));
}

import type { ArgumentProvenance, Json, JsonObject } from '@countersign/contracts';
import { defineRule, escalate, pass, type Rule, type RuleFacts } from './rule.js';

/**
 * A rule for tools of any kind, which names none of them: nothing goes anywhere because a stranger wrote so.
 *
 * Of a tool that changes state or sends data out it looks at every value in the arguments:
 * - an input that `decides` over a recipient, a destination, an amount or a target has to be the user's own words, a record's field whose
 *   source vouches for it (`system`, `user`), or an approver's edit; of the user's words no bare number or two letters, unless it is an
 *   amount: such stand in words for many things. What strangers wrote, what nobody vouches for and what the model made up is decided by a
 *   person of these roles; so is what is left empty, or left out where a place or a record is meant, for that may mean everything;
 * - any other input may be the model's own words, as long as it has read no stranger's: then those may speak through it. Then a call that
 *   says nothing at all is asked about as well;
 * - names that stand in the arguments like values do, since no plain name has their form, are nobody's.
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

interface Leaf {
  path: string;
  value: string | number | boolean | null;
  /** Below a name that provenance could not tell from others. */
  odd: boolean;
}

function objectionsTo(facts: RuleFacts): string[] {
  const { arguments: args, decides = {}, heardStrangers } = facts;
  const given = Object.entries(args).flatMap(([input, value]) => {
    const over = Object.hasOwn(decides, input) ? decides[input] : undefined;
    const isFree =
      facts.freeNames?.includes(input) === true && leavesOf(value, input, false).some(({ path }) => path !== input);
    if (isFree) return [`${input.slice(0, 100)}: it takes any names, and nobody can say where those come from`];
    return leavesOf(value, input, !isPlain(input)).flatMap((leaf) => objectionTo(leaf, over, facts) ?? []);
  });
  if (heardStrangers === false) return given;
  const left = Object.entries(decides).filter(([input, over]) => mayMeanAll(over) && !Object.hasOwn(args, input));
  const saysNothing = !Object.values(args).some((value) =>
    leavesOf(value, '', false).some(({ value: one }) => isWord(one)),
  );
  return [
    ...given,
    ...left.map(([input, over]) => `${input.slice(0, 100)} (${over}): left out, which may mean everything`),
    ...(saysNothing ? ['it says nothing that anybody could have meant, and strangers may have been heard'] : []),
  ];
}

type Over = NonNullable<RuleFacts['decides']>[string];
const mayMeanAll = (over: Over) => over === 'target' || over === 'destination';
const isWord = (value: Leaf['value']) => value !== null && value !== '' && typeof value !== 'boolean';

function objectionTo({ path, value, odd }: Leaf, over: Over | undefined, facts: RuleFacts): string | undefined {
  const says = (because: string) => `${path.slice(0, 100)}${over ? ` (${over})` : ''}: ${because}`;
  if (odd) return says('a name in it is like a value, and nobody gave it');
  if (!isWord(value) && typeof value !== 'boolean')
    return over === undefined ? undefined : says('left empty, which may mean everything');
  if (typeof value === 'boolean' && over === undefined) return undefined;
  const from = Object.hasOwn(facts.provenance, path) ? facts.provenance[path] : undefined;
  const isThin = from?.origin === 'user' && over !== undefined && over !== 'amount' && saysLittle(value);
  if (isThin) return says("too short for the user's words to mean just that");
  if (isVouchedFor(from)) return undefined;
  // Unsure is never yes: where nobody says whether strangers were read, they were.
  const isOwn =
    from?.origin === 'model' && from.trust === undefined && over === undefined && facts.heardStrangers === false;
  return isOwn ? undefined : says(because(from));
}

/** `13` stands in words for a day, a sum, a page: that somebody said it does not make it the file to delete. */
const saysLittle = (value: Leaf['value']) => /^(?:\d{1,6}|.{0,2})$/su.test(String(value));

const isVouchedFor = (from: ArgumentProvenance | undefined): boolean =>
  from !== undefined && (from.origin === 'approver' || from.trust === 'user' || from.trust === 'system');

function because(from: ArgumentProvenance | undefined): string {
  if (from === undefined) return 'too much to say where it comes from';
  if (from.trust === 'untrusted') return "from a stranger's text, not from the user";
  if (from.origin === 'record') return 'from a record whose source vouches for nothing';
  return 'from the model, neither from the user nor from a record it read';
}

/** As a schema names its fields; an address, a path or two names in one are values. */
const isPlain = (name: string) => /^[\w-]{1,64}$/.test(name);

/** All scalars by the paths that provenance names them by; what holds none is empty. */
function leavesOf(value: Json, path: string, odd: boolean): Leaf[] {
  if (value === null || typeof value !== 'object') return [{ path, value, odd }];
  const entries = Array.isArray(value)
    ? value.map((item, at) => [String(at), item] as const)
    : Object.entries(value as JsonObject);
  if (entries.length === 0) return [{ path, value: null, odd }];
  return entries.flatMap(([name, item]) => leavesOf(item as Json, `${path}.${name}`, odd || !isPlain(name)));
}

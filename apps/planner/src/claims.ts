/*
 * Whether a reply says more than the records show. It errs towards "no": what is found here stands in for the model's words, so
 * a reply in doubt becomes a summary of the outcomes, and never the other way round.
 *
 *  1  A sentence that says something was done (refunded, deleted, changed, issued, "done" …) needs an action of this intent that
 *     was committed and holds in the system of record, a record that shows it, or an earlier reply of the session.
 *  2  An amount or id in such a sentence is one that the action's result or a record read shows; one at least is the action's own.
 *  3  What is denied, asked, planned or merely possible is no such sentence, and neither is what a ticket or customer says, or a
 *     reason repeated from the user's words beside another claim.
 *  4  A reply in a language whose forms are not known here passes only where nothing was left undone.
 *
 * Words written for numbers, and promises ("will be refunded"), are not judged.
 */
import { clauseClaims, sentencesOf, type Claim, type Sentence } from './claim-sentences.js';
import { COMMON, completedBy, deedsOfTool, type Deed } from './claim-words.js';
import type { Act, Seen } from './state.js';

export interface Evidence {
  acts: readonly Act[];
  /** Tools of the workflow that change state. */
  changing: readonly string[];
  seen: readonly Seen[];
  /** Earlier replies of the session, each held against its own records. */
  said: readonly string[];
  /** The user's words. */
  asked: string;
}

/** Why the text may not stand, or undefined if it may. */
export function unsupported(text: string, evidence: Evidence): string | undefined {
  if (isDisguised(text)) return 'A word in it mixes letters of several scripts.';
  const forms = completedBy(evidence.changing);
  for (const sentence of sentencesOf(text)) {
    const claims = clauseClaims(sentence, forms);
    const why = claims.length > 0 ? doubtOf(sentence, claims, evidence) : undefined;
    if (why) return `It says "${sentence.text.slice(0, 200)}", and ${why}.`.toWellFormed();
  }
  const strange = !isKnownLanguage(text) && undone(evidence);
  return strange ? 'Something was not done, and in this language it is not known whether it says so.' : undefined;
}

function doubtOf(sentence: Sentence, claims: readonly Claim[], evidence: Evidence): string | undefined {
  for (const claim of claims) {
    const acts = evidence.acts.filter((act) => supports(act, claim, evidence));
    if (isReason(claim, evidence)) continue;
    if (acts.length > 0) {
      const why = figuresDoubt(sentence, acts, evidence);
      if (why) return why;
    } else if (!wasBefore(sentence, claim, evidence)) {
      return 'no record shows that it was done';
    }
  }
  return undefined;
}

function isReason({ beside, bySpeaker }: Claim, { asked }: Evidence): boolean {
  if (beside === undefined || bySpeaker || beside.split(' ').length < 3) return false;
  return sentencesOf(asked).some(({ clauses }) => clauses.some(({ tokens }) => tokens.join(' ').includes(beside)));
}

/* By an action */

const ended = ({ stand }: Act, ...outcomes: string[]) => stand.tag === 'ended' && outcomes.includes(stand.outcome);
const isDone = (act: Act) => act.proof?.holds === true;

function supports(act: Act, { deed, nouns }: Claim, evidence: Evidence): boolean {
  if (ended(act, 'drafted')) return deed === 'draft' || (deed === 'create' && nouns[0] === 'draft');
  if (!isDone(act)) return false;
  const deeds = deedsOfTool(act.tool);
  const named = nouns.some((noun) => deeds.has(noun));
  const open = deed === 'any' || deed === 'issue' || deed === 'approve';
  if (!open) return deeds.has(deed);
  if (nouns.length > 0) return named;
  return deed === 'any' ? !undone(evidence) || sentenceIsOf(act, evidence) : deeds.has(deed) || deed === 'approve';
}

/** The only kind of action there was, whatever came of its earlier tries. */
const sentenceIsOf = ({ tool }: Act, { acts, changing }: Evidence) =>
  acts.every((act) => act.tool === tool || !changing.includes(act.tool));

/** Some tool's actions came to nothing. */
function undone({ acts, changing }: Evidence): boolean {
  const tools = new Set(acts.map(({ tool }) => tool).filter((tool) => changing.includes(tool)));
  return [...tools].some((tool) => !acts.some((act) => act.tool === tool && isDone(act)));
}

function figuresDoubt({ amounts, ids }: Sentence, acts: readonly Act[], evidence: Evidence): string | undefined {
  const own = acts.flatMap(({ proof }) => proof?.own ?? []);
  const wide = [
    ...own,
    ...acts.flatMap(({ proof }) => proof?.around ?? []),
    ...evidence.seen.map(([, value]) => value),
  ];
  return (
    strangers('amount', amounts, own.map(plainAmount), [...wide.map(plainAmount), ...amountsIn(evidence)]) ??
    strangers('record', ids, own, [...wide, ...idsIn(evidence)])
  );
}

function strangers(what: string, named: readonly string[], own: readonly string[], wide: readonly string[]) {
  const unknown = named.find((value) => !wide.includes(value));
  if (unknown !== undefined) return `no record shows the ${what} ${unknown}`;
  if (named.length > 0 && !named.some((value) => own.includes(value))) return `that ${what} is not what was done`;
  return undefined;
}

/** Other figures a reply may repeat beside those of the action. */
const contextOf = ({ asked, said }: Evidence) => sentencesOf([asked, ...said].join('\n'));
const amountsIn = (evidence: Evidence) => contextOf(evidence).flatMap(({ amounts }) => amounts);
const idsIn = (evidence: Evidence) => contextOf(evidence).flatMap(({ ids }) => ids);

/** `18`, `18.0` and `18.00` are the same amount. */
export const plainAmount = (text: string): string =>
  /^\d+(\.\d+)?$/.test(text)
    ? text
        .replace(/^0+(?=\d)/, '')
        .replace(/(\.\d*?)0+$/, '$1')
        .replace(/\.$/, '')
    : text;

/* By what a record shows, or an earlier reply said */

const PAST = /\b(already|earlier|before|previously|yesterday|last|bereits|schon|vorhin|gestern|zuvor)\b/i;

/** What was done before this intent. Where the same was asked for and not done, it has to say that it was before. */
function wasBefore(sentence: Sentence, claim: Claim, evidence: Evidence): boolean {
  const isPast = PAST.test(sentence.text);
  const tried = evidence.acts.some((act) => evidence.changing.includes(act.tool) && !isDone(act));
  return (isShown(sentence, claim, evidence) && (isPast || !tried)) || (wasSaid(sentence, claim, evidence) && isPast);
}

const STEMS: Readonly<Record<string, RegExp>> = {
  refund: /refund|reimburs|erstatt/i,
  delete: /delet|remov|eras/i,
  change: /chang|updat|modif/i,
  create: /creat|open/i,
  issue: /issu|process/i,
  cancel: /cancel|storn/i,
  send: /sent|send|mail/i,
  draft: /draft/i,
  approve: /approv/i,
  any: /done|complet|settled|finish/i,
};

const stemOf = (deed: Deed) => STEMS[deed] ?? new RegExp(deed.replaceAll(/[^\p{L}]/gu, '.'), 'i');

/** A record says so itself, of whoever did it; nobody claims to have done it just now. */
function isShown(sentence: Sentence, claim: Claim, { seen }: Evidence): boolean {
  const { deed, bySpeaker, finite } = claim;
  const { amounts } = finite ? sentence : claim;
  if (bySpeaker) return false;
  const stem = stemOf(deed);
  const shown = seen.filter(
    ([field, value, computed]) => (stem.test(field) || stem.test(value)) && !(finite && computed),
  );
  const values = shown.map(([, value]) => plainAmount(value));
  if (amounts.length > 0) return amounts.some((amount) => values.includes(amount));
  return shown.some(([, value]) => plainAmount(value) !== '0' && value !== 'false');
}

function wasSaid({ amounts, ids }: Sentence, { deed }: Claim, { said }: Evidence): boolean {
  const forms = completedBy([]);
  return said
    .flatMap(sentencesOf)
    .some(
      (sentence) =>
        clauseClaims(sentence, forms).some((claim) => claim.deed === deed) &&
        amounts.every((amount) => sentence.amounts.includes(amount)) &&
        ids.every((id) => sentence.ids.includes(id)),
    );
}

const tokensOf = (text: string) =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .match(/\p{L}+/gu) ?? [];

function isKnownLanguage(text: string): boolean {
  const tokens = tokensOf(text);
  return tokens.join('').length < 4 || tokens.some((token) => COMMON.has(token));
}

/** A word of Latin and other letters that look like them is written to be misread. */
const isDisguised = (text: string) =>
  tokensOf(text).some(
    (token) =>
      token.length > 3 && /\p{Script=Latin}/u.test(token) && /[\p{Script=Cyrillic}\p{Script=Greek}]/u.test(token),
  );

import type {
  GetV1ActionsIdExplanationResponses,
  GetV1TracesIntentIdOutlineResponses,
} from '../../api/generated/types.gen.js';

export type Explanation = GetV1ActionsIdExplanationResponses[200];
export type Outline = GetV1TracesIntentIdOutlineResponses[200];
export type TraceEvent = Outline['events'][number];

type Part = Explanation['sentences'][number]['part'];
export const PARTS: readonly [Part, string][] = [
  ['did', 'What it did'],
  ['read', 'What it read'],
  ['why', 'Why'],
  ['approvedBy', 'Who approved'],
  ['outcome', 'What came of it'],
];

export interface Sentence {
  says: string;
  evidence: string[];
  /** What rules said, where the sentence is a decision: those that decided it first. */
  rules: { rule: string; outcome: string; reason: string }[];
}

/** The sentences of a part; what is said twice stands once, with the evidence of both. */
export function sentencesOf({ sentences }: Pick<Explanation, 'sentences'>, part: Part): Sentence[] {
  const told = new Map<string, Sentence>();
  for (const each of sentences) {
    // Once for the whole trace: it stands at its end.
    if (each.part !== part || /^The user was told: /.test(each.says)) continue;
    const { says, rules } = part === 'why' ? decisionOf(each.says) : { says: each.says, rules: [] };
    const before = told.get(each.says);
    told.set(each.says, { says, rules, evidence: [...new Set([...(before?.evidence ?? []), ...each.evidence])] });
  }
  return [...told.values()];
}

const RULE = /^([\w-]+): (allow|deny|escalate|pass), (.*)$/s;
const OUTCOMES = ['deny', 'escalate', 'allow', 'pass'];

/** "policy granted preview … by small-refund: pass, 900.00 is over 50.00; …" as its clause and its rules. */
function decisionOf(says: string): Pick<Sentence, 'says' | 'rules'> {
  const at = says.startsWith('policy ') ? says.search(/ by [\w-]+: (?:allow|deny|escalate|pass), /) : -1;
  if (at === -1) return { says, rules: [] };
  const told = says.slice(at + 4).split(/; (?=[\w-]+: (?:allow|deny|escalate|pass), )/);
  const rules = told.flatMap((text) => {
    const [, rule, outcome, reason] = RULE.exec(text) ?? [];
    return rule === undefined ? [] : [{ rule, outcome: outcome!, reason: reason! }];
  });
  rules.sort((a, b) => OUTCOMES.indexOf(a.outcome) - OUTCOMES.indexOf(b.outcome));
  return { says: says.slice(0, at), rules };
}

/** What is told to whoever asked, and what stands in for the model's words where they were set aside. */
export const replyIn = ({ events }: Pick<Outline, 'events'>): TraceEvent | undefined =>
  events.find(({ type, standing }) => type === 'countersign.reply.sent.v1' && standing === 'genuine');

/** An event by its place or its id; of several with one id the one that proves to be what it says. */
export function eventBy(events: readonly TraceEvent[], name: string | undefined): TraceEvent | undefined {
  if (name === undefined) return undefined;
  const same = events.filter(({ place, id }) => place === name || id === name);
  return same.find(({ standing }) => standing === 'genuine') ?? same[0];
}

/** The last event that says where an action's arguments come from. */
export const decidedOn = (events: readonly TraceEvent[], actionId: string): TraceEvent | undefined =>
  events.findLast(
    ({ type, standing, ...event }) =>
      event.actionId === actionId &&
      standing === 'genuine' &&
      /^countersign\.action\.(approved|denied|escalated)\.v1$/.test(type ?? ''),
  );

import { mentionsIn, moneyIn, unique, type IdMention, type MoneyMention } from './mentions.js';
import type { KnownTool } from './tool-kinds.js';
import { meaningOf, wordsOf } from './words.js';

/** One change the user asks for: which tool, in which words, for which records. */
export interface Goal {
  tool: KnownTool;
  text: string;
  ids: IdMention[];
  money?: MoneyMention;
  at: number;
}
export interface Understanding {
  goals: Goal[];
  ids: IdMention[];
  /** The user's own words, without what is quoted or forwarded. */
  words: string;
  previewOnly: boolean;
}

const QUESTION =
  /^\W*(?!do not\b|don't\b)(what|when|where|which|who|whose|why|how|is|are|was|were|has|have|did|does|do|am)\b/i;
const REQUEST_AFTER_ALL = /\b(please|is it possible|can you|could you|would you|will you)\b/i;
const ASKS =
  /^(want|wants|wanted|need|needs|ask|asks|asked|asking|demand|demands|request|requests|requested|requesting|deserve|deserves|would|like|give|issue|process|make|get|grant|please|can|could|to|should|must|raise|open|owe)$/;
const STARTS = /^(and|then|also|please|now|just|kindly|or)$/;
const ALONE = /^(reimburse|moneyback|complain|complains|complained|complaining)/;
const NEGATES = /^(not|never|don't|without|no|cannot|can't|shouldn't|won't|doesn't|instead)$/;
const PREVIEW =
  /\b(dry[- ]?run|preview|simulate|estimate|what would|how much (could|can|would)|only show|do(n't| not) (actually )?(do|commit|execute))\b/i;
const CLAUSE = /(?<=[.!?;])\s+|\n+|,?\s+\b(?:and then|and also|then|and)\b\s+(?=(?:please\s+)?[a-z]+\s)/i;

/** What is asked for, in the order it stands. Quoted and forwarded text asks for nothing. */
export function understand(text: string, earlier: string[], tools: KnownTool[]): Understanding {
  const words = ownWords(text);
  const named = mentionsIn(words);
  const ids = named.length > 0 ? named : mentionsIn([text, ...earlier].find((one) => mentionsIn(one).length > 0) ?? '');
  const writes = tools.filter(({ kind }) => kind === 'write');
  const own = words.replace(/\(About: [^)]*\)/g, '').trim();
  const goals = merged(clausesOf(words).flatMap((clause) => goalsOf(clause, writes, ids)));
  const only = goals.length === 1 ? goals.map((goal) => ({ ...goal, text: own })) : goals;
  return { goals: only, ids, words: own, previewOnly: PREVIEW.test(words) };
}

/** The same change asked for twice is asked for once, with all that was said about it. */
function merged(goals: Goal[]): Goal[] {
  const named = ({ tool, ids }: Goal) => [tool.name, ...ids.map(({ id }) => id)].join();
  return unique(goals, named).map((goal) => {
    const twins = goals.filter((other) => named(other) === named(goal));
    const money = twins.find((twin) => twin.money)?.money;
    return { ...goal, text: [...new Set(twins.map(({ text }) => text))].join(' '), ...(money ? { money } : {}) };
  });
}

const ownWords = (text: string) =>
  text
    .replace(/\[\[script [^\]]*\]\]/g, '')
    .replace(/^>.*$/gm, '')
    .replace(/(["“«]).{20,}?["”»]/gs, '…');

interface Clause {
  text: string;
  at: number;
  sentence: string;
}

function clausesOf(text: string): Clause[] {
  const clauses: Clause[] = [];
  let at = 0;
  for (const sentence of text.split(/(?<=[.!?;])\s+|\n+/)) {
    if (!QUESTION.test(sentence) || REQUEST_AFTER_ALL.test(sentence)) {
      for (const part of sentence.split(CLAUSE)) clauses.push({ text: part, at: text.indexOf(part, at), sentence });
    }
    at = text.indexOf(sentence, at) + sentence.length;
  }
  return clauses;
}

function goalsOf(clause: Clause, writes: KnownTool[], all: IdMention[]): Goal[] {
  const scored = writes.map((tool) => ({ tool, score: asksFor(clause.text, tool) })).filter(({ score }) => score > 0);
  const best = scored.sort((a, b) => b.score - a.score)[0];
  if (!best) return [];
  const here = mentionsIn(clause.text);
  const near = here.length > 0 ? here : mentionsIn(clause.sentence);
  const ids = near.length > 0 ? near : all;
  const monies = moneyIn(clause.text).length > 0 ? moneyIn(clause.text) : moneyIn(clause.sentence);
  return targetsOf(ids, best.tool).map((targets, index, sets) => ({
    tool: best.tool,
    text: sets.length > 1 ? `${clause.text} (${targets[0]?.id})` : clause.sentence,
    ids: targets,
    ...(moneyOf(targets, monies, sets.length) ? { money: moneyOf(targets, monies, sets.length)! } : {}),
    at: clause.at + index,
  }));
}

/** Several ids of one kind are several goals; ids of different kinds belong to the same one. */
function targetsOf(ids: IdMention[], tool: KnownTool): IdMention[][] {
  const takesMany = tool.fields.some(({ schema }) => schema.type === 'array');
  const several = ids
    .map(({ prefix }) => ids.filter((other) => other.prefix === prefix))
    .find((same) => same.length > 1);
  if (!several || takesMany) return [ids];
  return several.map((one) => [one, ...ids.filter(({ prefix }) => prefix !== one.prefix)]);
}

function moneyOf(targets: IdMention[], monies: MoneyMention[], sets: number): MoneyMention | undefined {
  if (sets <= 1 || !targets[0]) return monies[0];
  const distance = ({ at }: MoneyMention) => Math.abs(at - targets[0]!.at);
  return [...monies].sort((a, b) => distance(a) - distance(b))[0];
}

/** How strongly a clause asks for a tool: its verb and its object, or its object used as a verb or wished for. */
function asksFor(clause: string, tool: KnownTool): number {
  const words = wordsOf(clause);
  let score = 0;
  words.forEach(({ word, meaning }, index) => {
    if (words.slice(Math.max(0, index - 3), index).some((before) => NEGATES.test(before.word))) return;
    const before = words.slice(Math.max(0, index - 4), index);
    const object = tool.objects.includes(meaning);
    if (object && before.some((other) => other.meaning === tool.verb)) score = Math.max(score, 5);
    if (object && ALONE.test(word)) score = Math.max(score, 3);
    if (object && wished(before)) score = Math.max(score, 3);
    if (meaning === tool.verb && tool.objects.length === 0 && wished(before)) score = Math.max(score, 4);
    if (meaning === tool.verb && wished(before) && followedBy(tool, words.slice(index + 1))) score = Math.max(score, 6);
  });
  return score;
}

const wished = (before: { word: string }[]) =>
  before.length === 0 || before.every(({ word }) => STARTS.test(word)) || before.some(({ word }) => ASKS.test(word));

const followedBy = (tool: KnownTool, after: { meaning: string }[]) =>
  after
    .slice(0, 8)
    .some(({ meaning }) => [...tool.objects, ...tool.options].some((one) => [one, meaningOf(one)].includes(meaning)));

import type { Finding } from '../finding.js';
import { pairOf, rulesOf, type Pair, type RuleData } from './pairs.js';
import { secondEvaluator, type Facts, type Rule } from './second-evaluator.js';

/** What is to be compared with the second evaluator. */
export type Evaluate = (rules: readonly Rule[], facts: Facts) => unknown;

/**
 * policy-kit's own, as services load it. It is looked at from outside: nothing here is made of it, so it is not imported but
 * loaded by its name.
 */
export async function policyKit(): Promise<Evaluate> {
  const name = '@countersign/policy-kit';
  const { evaluate } = (await import(name)) as { evaluate: Evaluate };
  return evaluate;
}

/** Compares the two over so many pairs from a seed on. Each disagreement is made small before it is told; ten end it. */
export function compare(
  evaluate: Evaluate,
  pairs: number,
  seed: number,
  say: (text: string) => void = () => {},
): Finding {
  const flaws: string[] = [];
  const tags: Record<string, number> = {};
  let done = 0;
  for (; done < pairs && flaws.length < MOST; done++) {
    if (done > 0 && done % 100_000 === 0) say(`${done} pairs, ${flaws.length} disagreements`);
    const pair = pairOf(seed + done);
    const { tag } = secondEvaluator(rulesOf(pair), factsOf(pair));
    tags[tag] = (tags[tag] ?? 0) + 1;
    if (agree(evaluate, pair)) continue;
    flaws.push(`pair ${seed + done}: ${told(evaluate, smallest(evaluate, pair))}`);
  }
  return { figures: { pairs: done, seed, ...tags, disagreements: flaws.length }, flaws };
}

const MOST = 10;
const NOW = new Date('2026-03-01T10:00:00Z');
const factsOf = ({ facts }: Pair): Facts => ({ ...facts, now: NOW });

function firstSays(evaluate: Evaluate, pair: Pair): Record<string, unknown> {
  try {
    return evaluate(rulesOf(pair), factsOf(pair)) as Record<string, unknown>;
  } catch (error) {
    return { threw: String(error) };
  }
}

const agree = (evaluate: Evaluate, pair: Pair): boolean =>
  sameAs(secondEvaluator(rulesOf(pair), factsOf(pair)), firstSays(evaluate, pair));

/** The one says all that the other does; where a text is promised nowhere, any will do. */
function sameAs(second: unknown, first: unknown): boolean {
  if (second === undefined) return first === undefined || typeof first === 'string';
  if (typeof second !== 'object' || second === null) return Object.is(second, first);
  if (typeof first !== 'object' || first === null) return false;
  if (Array.isArray(second) !== Array.isArray(first)) return false;
  const names = new Set([...Object.keys(second), ...Object.keys(first)]);
  return [...names].every((name) =>
    sameAs((second as Record<string, unknown>)[name], (first as Record<string, unknown>)[name]),
  );
}

/** Leaves out what can be left out while they still disagree. */
function smallest(evaluate: Evaluate, pair: Pair): Pair {
  const smaller = smallerOnes(pair).find((one) => !agree(evaluate, one));
  return smaller ? smallest(evaluate, smaller) : pair;
}

function smallerOnes({ rules, facts }: Pair): Pair[] {
  const { permissions, ...rest } = facts;
  const approvals = permissions?.approvals ?? {};
  return [
    ...rules.map((_, at) => ({ rules: rules.toSpliced(at, 1), facts })),
    ...(permissions ? [{ rules, facts: rest }] : []),
    ...without(approvals).map((fewer) => ({ rules, facts: { ...rest, permissions: { approvals: fewer } } })),
    ...without(facts.arguments).map((args) => ({ rules, facts: { ...facts, arguments: args } })),
    ...without(facts.history).map((history) => ({ rules, facts: { ...facts, history } })),
    ...rules.flatMap((rule, at) => smallerRules(rule).map((one) => ({ rules: rules.with(at, one), facts }))),
  ];
}

const without = <T>(all: Record<string, T>): Record<string, T>[] =>
  Object.keys(all).map((left) => Object.fromEntries(Object.entries(all).filter(([name]) => name !== left)));

function smallerRules(rule: RuleData): RuleData[] {
  const { name, tools, needs, counts, says } = rule;
  return [
    ...(tools ? [{ name, ...(needs ? { needs } : {}), ...(counts ? { counts } : {}), says }] : []),
    ...(needs ? [{ name, ...(tools ? { tools } : {}), ...(counts ? { counts } : {}), says }] : []),
    ...(counts ? [{ name, ...(tools ? { tools } : {}), ...(needs ? { needs } : {}), says }] : []),
    ...(says.kind === 'if'
      ? [
          { ...rule, says: says.then },
          { ...rule, says: says.else },
        ]
      : []),
  ];
}

/** On one line: what JSON cannot say is said in words. */
function told(evaluate: Evaluate, pair: Pair): string {
  const text = (value: unknown) =>
    JSON.stringify(value, (_, one: unknown) =>
      one === undefined || (typeof one === 'number' && !Number.isFinite(one)) ? `<${String(one)}>` : one,
    );
  const second = secondEvaluator(rulesOf(pair), factsOf(pair));
  return `${text(pair)} is ${text(firstSays(evaluate, pair))}, by the second evaluator ${text(second)}`;
}

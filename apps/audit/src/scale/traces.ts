import type { Own } from './templates.js';

/*
 * Traces as a store of several tenants holds them after a while: values that stand in most traces, in few, in one day's alone. What is
 * drawn depends on the number of a trace and on nothing else.
 */
export const DAYS = 35;

/** How many of a hundred thousand traces take a shape. */
const SHAPES: [shape: string, share: number][] = [
  ['a question answered from a read', 30_000],
  ['a commit by rule at once', 22_000],
  ['a commit by rule on its preview', 14_000],
  ['approved by a person', 12_000],
  ['denied by rule', 9_000],
  ['rejected by a person', 5_000],
  ['a request for one tool call', 3_000],
  ['a dry run', 2_000],
  ['nobody decided in time', 1_000],
  ['the target said no', 1_000],
  ['stale context, planned anew', 500],
  ['blocked by a kill switch', 480],
  ["another tenant's record", 20],
];
const WORDS = Array.from({ length: 4000 }, (_, n) => `word${n}`);

export interface Drawn {
  shape: string;
  own: Own;
  /** Days ago, with a fraction. */
  age: number;
  /** Days it stood still, as for a person. */
  waits: number;
}

/** Numbers in [0, 1) that follow from a seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The nth of `count` traces, the newest last. */
export function draw(number: number, count: number): Drawn {
  const random = randomFrom(number * 7919 + 17);
  const age = DAYS * (1 - number / count);
  const rare = number % Math.ceil(count / 8) === 3;
  // Once an everyday tool, given up after the first fifth: common, and in nothing new.
  const retired = age > DAYS * 0.8 && random() < 0.4;
  const own = {
    number,
    tenant: among(['acme', 'globex', 'initech', 'hooli'], [0.7, 0.9, 0.99, 1], random()),
    actor: rare ? 'zoe' : actorOf(random()),
    tool: rare ? 'close_account' : retired ? 'credit_points' : 'issue_refund',
    rule: rare ? 'rule-of-the-year' : 'the-rule',
    order: random() < 0.2 ? 'ord_1002' : `ord_9${number}`,
    text: `refund ${rare ? 'zeppelin' : 'order'} ${[random(), random(), random()].map(wordOf).join(' ')}`,
  };
  const waits = number % 50 === 7 ? Math.min(age, 9) / 2 : 0;
  return { shape: shapeOf(random()), own: rare ? { ...own, tenant: 'acme' } : own, age, waits };
}

const among = (values: string[], upTo: number[], drawn: number) => values[upTo.findIndex((limit) => drawn < limit)]!;
const actorOf = (drawn: number) => (drawn < 0.5 ? 'alice' : `agent${Math.floor((drawn * 2 - 1) ** 3 * 300)}`);
const wordOf = (drawn: number) => WORDS[Math.floor(drawn ** 3 * WORDS.length)]!;

function shapeOf(drawn: number): string {
  let left = drawn * 100_000;
  return (SHAPES.find(([, share]) => (left -= share) < 0) ?? SHAPES[0]!)[0];
}

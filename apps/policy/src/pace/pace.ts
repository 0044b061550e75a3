import { evaluate, type Rule, type RuleFacts } from '@countersign/policy-kit';

export interface Pace {
  rules: number;
  decisions: number;
  p50Us: number;
  p99Us: number;
  perSecond: number;
  /** A fixed computation on the same core, timed between the decisions: by it figures of different machines can be related. */
  calibrationMs: number;
}

const MOST_WARM_UP = 20_000;
const CHUNKS = 20;
const STEPS = 5_000_000;

/** Five million steps of a xorshift generator: integer arithmetic alone, no memory, nothing to collect. */
export function calibration(seed = 0x2545f491): number {
  let x = seed;
  for (let step = 0; step < STEPS; step++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
  }
  return x >>> 0;
}

const middle = (sorted: number[], p: number) => sorted[Math.floor(sorted.length * p)] ?? Number.NaN;
const ascending = (values: Iterable<number>) => [...values].sort((a, b) => a - b);

/** Times single decisions, and how many one core makes in a second of doing nothing else. */
export function paceOf(rules: readonly Rule[], facts: readonly RuleFacts[], decisions: number): Pace {
  const decided = (n: number) => evaluate(rules, facts[n % facts.length]!).tag;
  for (let n = 0; n < Math.min(decisions, MOST_WARM_UP); n++)
    if (decided(n) !== 'approve') throw new Error('the pace of decisions is taken of actions that rules approve');
  calibration();
  const each = new Float64Array(decisions);
  const calibrations: number[] = [];
  const chunk = Math.ceil(decisions / CHUNKS);
  for (let n = 0; n < decisions; n++) {
    if (n % chunk === 0) calibrations.push(timed(() => calibration()));
    const began = performance.now();
    decided(n);
    each[n] = (performance.now() - began) * 1000;
  }
  const ms = timed(() => {
    for (let n = 0; n < decisions; n++) decided(n);
  });
  const sorted = ascending(each);
  return {
    ...{ rules: rules.length, decisions, p50Us: middle(sorted, 0.5), p99Us: middle(sorted, 0.99) },
    perSecond: (decisions * 1000) / ms,
    calibrationMs: middle(ascending(calibrations), 0.5),
  };
}

function timed(work: () => void): number {
  const began = performance.now();
  work();
  return performance.now() - began;
}

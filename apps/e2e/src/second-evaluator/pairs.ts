/*
 * Random pairs of a proposal and the rules it has to pass, as data, so that a pair over which two evaluators disagree can be made
 * smaller and shown. The same number, the same pair.
 */
import type { Asked, Entry, Facts, Rule } from './second-evaluator.js';

/** What a rule looks at before it answers: what it was not given it sees too, if an evaluator lets it. */
export type Look =
  | { see: 'stage' | 'switches'; is: string | undefined }
  | { see: 'history'; as: string; atLeast: number }
  | { see: 'argument'; name: string; is: unknown }
  | { see: 'preview' | 'dryRun' };
export type Says =
  | { kind: 'verdict'; verdict: unknown }
  | { kind: 'promise'; verdict: unknown }
  | { kind: 'throws'; what: unknown }
  | { kind: 'if'; look: Look; then: Says; else: Says };
export type Counts =
  { kind: 'asks'; asks: unknown } | { kind: 'of'; as: string; argument: string } | { kind: 'throws' };

export interface RuleData {
  name: string;
  tools?: string[];
  needs?: string[];
  counts?: Counts;
  says: Says;
}
export interface Pair {
  rules: RuleData[];
  facts: Facts;
}

/** Rules that do what their data says. */
export const rulesOf = (pair: Pair): Rule[] => pair.rules.map(ruleOf);

function ruleOf({ name, tools, needs, counts, says }: RuleData): Rule {
  return {
    name,
    title: `Rule ${name}`,
    ...(tools ? { tools } : {}),
    ...(needs ? { needs } : {}),
    ...(counts ? { history: (asked: Asked) => counted(counts, asked) } : {}),
    decide: (facts) => answered(says, facts),
  };
}

function counted(counts: Counts, { arguments: args }: Asked): unknown {
  if (counts.kind === 'throws') throw new Error('no history');
  if (counts.kind === 'asks') return counts.asks;
  return [{ as: counts.as, per: 'user', of: args[counts.argument], window: 'day' }];
}

function answered(says: Says, facts: Facts): unknown {
  switch (says.kind) {
    case 'verdict':
      return says.verdict;
    case 'promise':
      return Promise.resolve(says.verdict);
    case 'throws':
      throw says.what;
    case 'if':
      return answered(sees(says.look, facts) ? says.then : says.else, facts);
    default:
      return says satisfies never;
  }
}

function sees(look: Look, facts: Facts): boolean {
  switch (look.see) {
    case 'stage':
      return facts.stage === look.is;
    case 'switches':
      return facts.switches?.[0] === look.is;
    case 'history':
      return (facts.history[look.as] as { open: number }).open >= look.atLeast;
    case 'argument':
      return facts.arguments[look.name] === look.is;
    case 'preview':
      return facts.preview !== undefined;
    case 'dryRun':
      return facts['dryRun'] === true;
    default:
      return look satisfies never;
  }
}

const TOOLS = ['pay', 'look_up', 'send'];
const NAMES = ['amount', 'role', 'note', 'constructor'];
const ROLES = ['clerk', 'lead', 'boss', 'owner'];
const STAGES = ['read-only', 'draft-only', 'scoped'];
const AS = ['mine', 'all', 'toString', '__proto__'];
const CODES = ['LIMIT_EXCEEDED', 'PERMISSION_DENIED', 'KILLED', 'NO_SUCH_CODE', 'toString', undefined];
const COUNTS = [1, 1, 1, 2, 3, 0, -1, 0.5, NaN, Infinity, '2', null, undefined];
const SEALED = { $sealed: { token: 'tok_12345678', class: 'personal' } };
const VALUES: unknown[] = [
  ...['0', '18.00', '49.99', '50', '50.00', '50.01', '-50.01', '0050.0', '50.000000000000000000000000000001', '900'],
  ...[
    '1e3',
    '0x10',
    ' 50',
    '+5',
    '.5',
    '5.',
    '10,00',
    '10.00 EUR',
    'Infinity',
    'NaN',
    '',
    '９',
    '9'.repeat(31),
    `${'9'.repeat(15)}.99991`,
  ],
  ...[0, 49.99, 50, 50.01, -50, -51, 1e21, 1e-7, NaN, Infinity, true, false, null, undefined],
  ...['admin', ' ADMIN', 'ａｄｍｉｎ', 'adm', 'tok_12345678', 'make it tok_abcdefgh', 'tok_short', 'clerk'],
  ...[
    [],
    ['clerk'],
    ['clerk', 'admin'],
    [['clerk']],
    [['admin']],
    ['18.00'],
    [SEALED],
    ['clerk', null],
    {},
    SEALED,
    { toString: 1 },
  ],
];
const VERDICTS_OF_NONE: unknown[] = [
  ...[undefined, null, 'allow', 7, [], {}, { outcome: 'allow' }, { outcome: 'deny', reason: 'x' }],
  ...[
    { outcome: 'maybe', reason: 'x' },
    { outcome: 'ALLOW', reason: 'x' },
    { outcome: 'allow', reason: null },
  ],
  ...[
    { outcome: 'pass', reason: { text: 'x' } },
    { outcome: 'escalate', reason: 'x', roles: 'lead', approvals: 1 },
  ],
  ...[
    { outcome: 'escalate', reason: 'x', roles: [7], approvals: 1 },
    { outcome: ['allow'], reason: 'x' },
  ],
];

/** A source of chances: each number begins another, and the same number the same. */
class Chance {
  constructor(private state: number) {}

  private next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  below = (count: number) => Math.floor(this.next() * count);
  is = (percent: number) => this.next() * 100 < percent;
  of = <T>(all: readonly T[]): T => all[this.below(all.length)]!;
  some = <T>(all: readonly T[]): T[] => all.filter(() => this.is(50));
  many = <T>(most: number, one: (at: number) => T): T[] =>
    Array.from({ length: this.below(most + 1) }, (_, at) => one(at));
  maybe = <T extends object>(percent: number, value: () => T): Partial<T> => (this.is(percent) ? value() : {});
}

export function pairOf(seed: number): Pair {
  const by = new Chance(Math.imul(seed, 0x9e3779b1));
  const rules = by.many(4, (at) => ruleData(by, `r-${at}`));
  const args = Object.fromEntries(by.some(NAMES).map((name) => [name, by.of(VALUES)]));
  const facts = {
    ...{ workflow: 'desk', tool: { name: by.of(TOOLS), effect: 'write' }, arguments: args, dryRun: by.is(20) },
    ...{
      actor: { sub: 'alice', tenant: 'acme', roles: by.some(ROLES) },
      provenance: {},
      history: historyOf(by, rules),
    },
    preview: by.is(60) ? { effect: {}, basis: {}, digest: 'd' } : undefined,
    ...by.maybe(60, () => ({ permissions: { roles: ROLES, ...by.maybe(90, () => ({ approvals: approvalsOf(by) })) } })),
    ...by.maybe(92, () => ({ stage: by.of([...STAGES, ...STAGES, undefined]) })),
    ...by.maybe(92, () => ({ switches: by.of([[], [], ['kill/*'], ['kill/*'], undefined]) })),
  };
  return { rules, facts };
}

function ruleData(by: Chance, name: string): RuleData {
  return {
    name,
    ...by.maybe(40, () => ({ tools: by.some(TOOLS) })),
    ...by.maybe(35, () => ({ needs: by.some(['preview', 'stage', 'switches']) })),
    ...by.maybe(20, () => ({ counts: countsOf(by) })),
    says: saysOf(by, 2),
  };
}

function saysOf(by: Chance, depth: number): Says {
  if (depth > 0 && by.is(30))
    return { kind: 'if', look: lookOf(by), then: saysOf(by, depth - 1), else: saysOf(by, depth - 1) };
  if (by.is(2)) return { kind: 'throws', what: by.of([new Error('broken'), 'broken', null, undefined]) };
  if (by.is(1)) return { kind: 'promise', verdict: verdictOf(by) };
  return { kind: 'verdict', verdict: by.is(3) ? by.of(VERDICTS_OF_NONE) : verdictOf(by) };
}

function verdictOf(by: Chance): unknown {
  const reason = `because ${by.below(9)}`;
  const kind = by.below(10);
  if (kind < 5) return { outcome: 'allow', reason };
  if (kind < 7) return { outcome: 'pass', reason };
  if (kind < 9)
    return {
      outcome: 'escalate',
      reason,
      roles: by.some(ROLES),
      approvals: by.is(93) ? 1 + by.below(3) : by.of(COUNTS),
    };
  const code = by.is(70) ? 'LIMIT_EXCEEDED' : by.of(CODES);
  return {
    outcome: 'deny',
    reason,
    code,
    ...by.maybe(50, () => ({ nextStep: by.of(['Ask for less.', undefined, 7]) })),
  };
}

function lookOf(by: Chance): Look {
  switch (by.below(6)) {
    case 0:
      return { see: 'stage', is: by.of([...STAGES, undefined]) };
    case 1:
      return { see: 'switches', is: by.of(['kill/*', undefined]) };
    case 2:
      return { see: 'history', as: by.of(AS), atLeast: by.below(3) };
    case 3:
      return { see: 'argument', name: by.of(NAMES), is: by.of(VALUES) };
    case 4:
      return { see: 'preview' };
    default:
      return { see: 'dryRun' };
  }
}

function countsOf(by: Chance): Counts {
  const ask = (as: unknown) => ({ as, per: by.of(['user', 'tenant']), window: by.of(['session', 'day', 'ever']) });
  if (by.is(5)) return { kind: 'throws' };
  if (by.is(15)) return { kind: 'of', as: 'mine', argument: by.of(NAMES) };
  if (by.is(80)) return { kind: 'asks', asks: by.some(AS.slice(0, 3)).map(ask) };
  const odd: unknown[] = [
    ...[undefined, null, 'mine', {}, [null], [ask('a/b')], [ask('')], [ask(7)], [ask('mine'), ask('mine')]],
    ...[[{ ...ask('mine'), per: 'everyone' }], [{ ...ask('mine'), window: 'year' }], [{ ...ask('mine'), more: 1 }]],
    ...[[{ ...ask('mine'), of: 7 }], 'abcdefghi'.split('').map(ask), 'abcdefgh'.split('').map(ask)],
  ];
  return { kind: 'asks', asks: by.of(odd) };
}

/** Most of what rules ask for, sometimes none of it, and what nobody asks for. */
function historyOf(by: Chance, rules: readonly RuleData[]): Record<string, unknown> {
  const asked = rules.flatMap(({ name, counts }) => namesIn(counts).map((as) => `${name}/${as}`));
  const given = by.is(90) ? asked.filter(() => by.is(97)) : ['mine', 'r-0/mine', 'r-1/all'];
  return Object.fromEntries(given.map((name) => [name, { open: by.below(3), actions: 0, records: 0, amounts: {} }]));
}

function namesIn(counts: Counts | undefined): unknown[] {
  if (counts?.kind === 'of') return [counts.as];
  const asks = counts?.kind === 'asks' && Array.isArray(counts.asks) ? (counts.asks as unknown[]) : [];
  return asks.map((ask) => (ask as { as?: unknown } | null)?.as);
}

function approvalsOf(by: Chance): Record<string, Entry> {
  const entry = (): Entry => ({
    when: 'named',
    roles: by.is(90) ? by.some(ROLES) : [],
    ...by.maybe(50, () => ({ over: by.of(['50.00', '50', '0', `${'9'.repeat(15)}.9999`, 'fifty', '-1']) })),
    ...by.maybe(40, () => ({ oneOf: by.of([['admin', 'lead'], ['admin'], [''], ['50.00'], []]) })),
    ...by.maybe(5, () => ({ always: true as const })),
    ...by.maybe(25, () => ({ approvals: by.of(COUNTS) as number })),
  });
  return Object.fromEntries(by.some(NAMES).map((name) => [name, entry()]));
}

import { Decimal } from 'decimal.js';
import type { ToolContract } from '@countersign/tool-sdk';
import type { Budget } from '@countersign/workflow-kit';
import type { FoundCase } from '../../find-cases.js';
import {
  ACTOR,
  agreed,
  approversOf,
  ask,
  callersOf,
  callOf,
  changes,
  decisionsOf,
  doneOnce,
  made,
  readingOf,
  tell,
  whenAsked,
  type Asked,
  type Bench,
  type Expect,
  type Steps,
} from '../bench.js';
import { merged, type MadeRecord, type Values } from '../fill.js';
import { budgetsOn } from '../read-map.js';

/** More actions than this are not made to reach a limit. */
const MOST_ACTIONS = 30;
/** None of the currencies that limits name is one that nobody has. */
const NO_CURRENCY = 'XTS';

/** The limits of one action per currency, of a session, and of a day: just inside, and one smallest unit outside. */
export const limitCases = (bench: Bench): FoundCase[] => [
  ...actionCases(bench),
  ...sessionCases(bench),
  ...budgetsOn(bench.workflow, bench.tool).flatMap((budget) => budgetCases(bench, budget)),
];

/** Whether these values are the amount that the tool says it would move. */
function moves(bench: Bench, values: Required<Pick<Values, 'amount' | 'currency'>>): boolean {
  const { amount } = blastOf(bench, { values });
  return amount?.currency === values.currency && new Decimal(amount.amount).eq(values.amount);
}

function actionCases(bench: Bench): FoundCase[] {
  const { amount } = bench.sample;
  const [role = ''] = callersOf(bench);
  if (amount === undefined) return [];
  const limits = Object.entries(bench.workflow.limits.amountPerAction);
  const named = limits.flatMap(([currency, limit]) => [
    { amount: limit, currency, where: `the most that one action may move` },
    { amount: oneOver(limit, amount), currency, where: 'one unit over what one action may move' },
  ]);
  const unnamed = { amount, currency: NO_CURRENCY, where: 'a currency that no limit names' };
  return [...named, unnamed]
    .filter((values) => moves(bench, values))
    .map(({ where, ...values }) => limited(bench, { role, values }, `of ${told(values)}, ${where},`));
}

const limited = (bench: Bench, asked: Asked, what: string): FoundCase =>
  made(bench, 'limit', `${what} ${tell(bench, readingOf(bench, asked))}`, whenAsked(bench, asked));

const told = ({ amount, currency }: Values) => `${amount} ${currency}`;

/** The next amount over it, in the smallest unit that either is written in. */
export function oneOver(limit: string, written: string): string {
  const places = Math.max(new Decimal(limit).dp(), placesOf(limit), placesOf(written));
  return new Decimal(limit).plus(new Decimal(10).pow(-places)).toFixed(places);
}

const placesOf = (text: string) => text.split('.')[1]?.length ?? 0;

/** As much as a session may move, in as few actions as can be; then one unit more. */
function sessionCases(bench: Bench): FoundCase[] {
  const { amountPerSession = {}, amountPerAction } = bench.workflow.limits;
  const [role = ''] = callersOf(bench);
  const { amount: written } = bench.sample;
  if (written === undefined || !changes(bench)) return [];
  return Object.entries(amountPerSession).flatMap(([currency, limit]) => {
    const each = amountPerAction[currency];
    if (each === undefined || new Decimal(each).isZero()) return [];
    const amounts = inParts(limit, each);
    const over = oneOver('0', written);
    const calls = amounts.map((amount) => ({ role, values: { amount, currency } }));
    if (!calls.every(({ values }) => moves(bench, values)) || !areDone(bench, calls)) return [];
    const what = `of ${told({ amount: limit, currency })}, the most that a session may move, leaves nothing for ${over} more`;
    const last = { role, values: { amount: over, currency } };
    return [madeOf(bench, what, { calls, last, code: 'LIMIT_EXCEEDED' })];
  });
}

function inParts(whole: string, part: string): string[] {
  const parts: string[] = [];
  for (let left = new Decimal(whole); left.gt(0) && parts.length <= MOST_ACTIONS; left = left.minus(part))
    parts.push(Decimal.min(left, part).toFixed(Math.max(placesOf(whole), placesOf(part))));
  return parts;
}

/** As many actions as a day has, each in a session of its own; then one more. */
function budgetCases(bench: Bench, { name, actionsPerDay }: Budget): FoundCase[] {
  if (actionsPerDay === undefined || actionsPerDay < 1 || !changes(bench)) return [];
  const [role = ''] = callersOf(bench);
  const calls = Array.from({ length: Math.min(actionsPerDay, MOST_ACTIONS + 1) }, (_, at) => ({
    role,
    values: { n: at + 1 },
  }));
  if (!areDone(bench, calls)) return [];
  const what = `is done ${actionsPerDay} times a day (${name}), and not once more`;
  const last = { role, values: { n: actionsPerDay + 1 } };
  return [madeOf(bench, what, { calls, last, code: 'RATE_LIMITED' })];
}

/** All of them, as far as the map goes, and no tighter limit comes first. */
function areDone(bench: Bench, calls: readonly Asked[]): boolean {
  if (calls.length > MOST_ACTIONS) return false;
  const { recordsPerSession = Infinity } = bench.workflow.limits;
  const takes = calls.map((asked) => blastOf(bench, asked));
  const records = takes.reduce((sum, each) => sum + each.records, 0);
  const budgets = budgetsOn(bench.workflow, bench.tool);
  const total = takes.reduce((sum, { amount }) => sum.plus(amount?.amount ?? 0), new Decimal(0));
  const currency = takes[0]?.amount?.currency;
  const hasRoom = budgets.every(
    ({ actionsPerDay = Infinity, recordsPerDay = Infinity, amountPerDay }) =>
      calls.length <= actionsPerDay &&
      records <= recordsPerDay &&
      (!amountPerDay || currency === undefined || total.lte(amountPerDay[currency] ?? 0)),
  );
  const isGranted = (asked: Asked) => ['granted', 'escalated'].includes(readingOf(bench, asked).tag);
  return hasRoom && records < recordsPerSession && calls.every(isGranted);
}

const blastOf = (
  { tool, ...bench }: Bench,
  asked: Omit<Asked, 'role'>,
): ReturnType<NonNullable<ToolContract['blast']>> =>
  tool.blast?.(callOf({ tool, ...bench }, asked).arguments) ?? { records: 1, affected: [] };

interface Filling {
  calls: readonly Asked[];
  /** The one that is too much. */
  last: Asked;
  code: 'LIMIT_EXCEEDED' | 'RATE_LIMITED';
}

function madeOf(bench: Bench, what: string, { calls, last, code }: Filling): FoundCase {
  const { name: tool } = bench.tool;
  const played = calls.map((asked) => {
    const call = callOf(bench, asked);
    const reading = readingOf(bench, asked);
    return {
      ...{ records: call.records, people: approversOf(reading), decisions: decisionsOf(bench, reading) },
      ...doneOnce(bench, call),
      steps: [ask(bench, call.arguments, sessionOf(code, asked)), ...agreed(bench, reading)] as Steps,
    };
  });
  const lastCall = callOf(bench, last);
  const people = Object.fromEntries(played.flatMap((one) => Object.entries(one.people)));
  const records: MadeRecord[] = merged([...played.flatMap((one) => one.records), ...lastCall.records]);
  const expect: Expect = {
    decisions: [...played.flatMap(({ decisions }) => decisions), { tool, outcome: 'denied', code }],
    outcomes: [...played.flatMap(({ outcomes = [] }) => outcomes), { tool, ends: 'denied', code }],
    effects: played.flatMap(({ effects = [] }) => effects),
  };
  return made(bench, 'limit', what, {
    given: { people: { [ACTOR]: { roles: [last.role] }, ...people }, records },
    steps: [...played.flatMap(({ steps }) => steps), ask(bench, lastCall.arguments, sessionOf(code, last))],
    expect,
  });
}

/** A day's are counted whatever the session; those of a session are of one. */
const sessionOf = (code: Filling['code'], { values }: Asked) =>
  code === 'RATE_LIMITED' ? { session: `s${values?.n ?? 1}` } : {};

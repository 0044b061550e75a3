/*
 * A workflow's limits and budgets. What they guarantee:
 * 1. No commit is granted over the limit of an action, nor over what a user's session, or any budget of the day, has left: the rows
 *    that say so are locked in the transaction that grants, and a grant is reserved in it.
 * 2. What is reserved is given back when nothing was changed (denied, failed, blocked, sent back), once; what was committed, or may
 *    have been, stays reserved.
 * 3. What cannot be computed is over the limit. A currency that no limit names has none left.
 * 4. What a new day would let through is RATE_LIMITED until that day, and what no day would is LIMIT_EXCEEDED.
 */
import { Decimal } from 'decimal.js';
import type { Money } from '@countersign/contracts';
import type { Tally } from '@countersign/policy-kit';
import type { ToolContract } from '@countersign/tool-sdk';
import type { Budget, LoadedWorkflow, WorkflowLimits } from '@countersign/workflow-kit';
import type { Case, Denial } from './drafts.js';
import type { Booked, Reserved } from './state.js';
import { amountIn, budgetTally, sessionTally, tallyAt, type Whose } from './tally.js';

const over = (detail: string): Denial => ({ code: 'LIMIT_EXCEEDED', detail });

/** What many actions share, and the row that counts them. */
type Limit = { id: string } & ({ per: 'session'; limits: WorkflowLimits } | { per: 'day'; budget: Budget });

/** The limits that count a tool: none of a read that no budget names. */
export function limitsOn(whose: Whose, { workflow }: LoadedWorkflow, { name, effect }: ToolContract): Limit[] {
  const { limits, budgets = [] } = workflow;
  const changes = effect !== 'read';
  const found: Limit[] = [];
  if (changes && (limits.amountPerSession || limits.recordsPerSession !== undefined))
    found.push({ id: sessionTally(whose), per: 'session', limits });
  for (const budget of budgets) {
    if (!(budget.tools ? budget.tools.includes(name) : changes)) continue;
    found.push({ id: budgetTally(whose, budget, name), per: 'day', budget });
  }
  return found;
}

/** Guarantee 1: whether all that it is counted on have that much left. What was open before a limit came is not counted by it. */
export function overShared(of: Case, contract: ToolContract, booked: Booked, takes: Reserved): Denial | undefined {
  for (const limit of limitsOn(of.intent, of.loaded, contract)) {
    if (!booked.limits.includes(limit.id)) continue;
    const used = tallyAt(of.states, limit.id);
    const denial =
      limit.per === 'session' ? overSession(limit.limits, used, takes) : overBudget(of, limit, used, takes);
    if (denial) return denial;
  }
  return undefined;
}

function overSession(limits: WorkflowLimits, used: Tally, { records, amount }: Reserved): Denial | undefined {
  const { amountPerSession, recordsPerSession: most } = limits;
  if (most !== undefined && used.records + records > most)
    return over(`${records} records; ${Math.max(0, most - used.records)} of ${most} a session are left`);
  if (!amountPerSession || !amount) return undefined;
  const { currency } = amount;
  const limit = limitOf(amountPerSession, currency);
  if (limit === undefined) return over(`no amount of ${shown(currency)} is allowed a session`);
  const left = new Decimal(limit).minus(amountIn(used, currency));
  if (sizeOf(amount).lessThanOrEqualTo(left)) return undefined;
  return over(
    `${amount.amount} ${currency}; ${Decimal.max(0, left).toFixed()} of ${limit} ${currency} a session are left`,
  );
}

function overBudget(
  { intent }: Case,
  { budget }: Extract<Limit, { per: 'day' }>,
  used: Tally,
  takes: Reserved,
): Denial | undefined {
  for (const { unit, most, is, takes: more } of measuresOf(budget, used, takes)) {
    if (most === undefined) return over(`no amount of ${shown(unit)} is allowed a day (${budget.name})`);
    if (is.plus(more).lessThanOrEqualTo(most)) continue;
    if (more.greaterThan(most)) return over(`${more.toFixed()} ${unit}; at most ${most} a day (${budget.name})`);
    const retryAt = dayAfter(intent.day);
    const detail = `${sharer(intent, budget)} used ${is.toFixed()} of ${most} ${unit} of ${intent.day} (${budget.name}); this takes ${more.toFixed()}`;
    return { code: 'RATE_LIMITED', detail, retryAt, nextStep: `Tell the user; ask again from ${retryAt} on.` };
  }
  return undefined;
}

interface Measure {
  unit: string;
  /** Undefined: nothing of this unit is allowed. */
  most: string | number | undefined;
  is: Decimal;
  takes: Decimal;
}

function measuresOf(budget: Budget, used: Tally, { records, amount }: Reserved): Measure[] {
  const { actionsPerDay, recordsPerDay, amountPerDay } = budget;
  const counts = [
    { unit: 'actions', most: actionsPerDay, is: used.actions, takes: 1 },
    { unit: 'records', most: recordsPerDay, is: used.records, takes: records },
  ]
    .filter(({ most }) => most !== undefined)
    .map((count) => ({ ...count, is: new Decimal(count.is), takes: new Decimal(count.takes) }));
  if (!amountPerDay || !amount) return counts;
  const { currency: unit } = amount;
  return [...counts, { unit, most: limitOf(amountPerDay, unit), is: amountIn(used, unit), takes: sizeOf(amount) }];
}

const sharer = ({ actor, tenant }: Whose, { per }: Budget) =>
  ({ user: actor.sub, tenant: `everybody of ${tenant}`, tool: `everybody of ${tenant} with this tool` })[per];

const DAY_MS = 24 * 3_600_000;
const dayAfter = (day: string) => new Date(Date.parse(`${day}T00:00:00.000Z`) + DAY_MS).toISOString();

const limitOf = (limits: Readonly<Record<string, string>>, currency: string) =>
  Object.hasOwn(limits, currency) ? limits[currency] : undefined;
const sizeOf = ({ amount }: Money) => new Decimal(amount).abs();
const shown = (currency: string) => currency.slice(0, 10);

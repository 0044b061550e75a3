/*
 * A workflow's limits. What they guarantee:
 * 1. No commit is granted over the limit of an action, nor over what a user's session and day have left: the rows that say so are
 *    locked in the transaction that grants, and a grant is reserved in it.
 * 2. What is reserved is given back when nothing was changed (denied, failed, blocked, sent back), once; what was committed, or may
 *    have been, stays reserved.
 * 3. What cannot be computed is over the limit. A currency that no limit names has none left.
 */
import { Decimal } from 'decimal.js';
import { deriveId, sessionIdOf, type JsonObject, type Money } from '@countersign/contracts';
import { put, type Effect } from '@countersign/messaging/stream';
import type { ToolContract } from '@countersign/tool-sdk';
import type { LoadedWorkflow } from '@countersign/workflow-kit';
import type { Case, Denial } from './drafts.js';
import { limitKey, type AcceptedIntent, type Reserved } from './state.js';

/** What one user was granted, in a session or on a day. */
export interface Granted {
  amounts: Record<string, string>;
  records: number;
}

interface Limit {
  key: string;
  per: 'session' | 'day';
  amounts: Readonly<Record<string, string>> | undefined;
  records: number | undefined;
}

type Whose = Pick<AcceptedIntent, 'tenant' | 'actor' | 'session' | 'day' | 'workflow'>;

/** The rows an action that changes state has to lock: none for a workflow without such limits. */
export const limitKeys = (intent: Whose, loaded: LoadedWorkflow | undefined): string[] =>
  loaded ? limitsOf(intent, loaded).map(({ key }) => key) : [];

function limitsOf({ tenant, actor, session, day, workflow }: Whose, { workflow: { limits } }: LoadedWorkflow): Limit[] {
  const found: Limit[] = [];
  if (limits.amountPerSession || limits.recordsPerSession !== undefined) {
    const key = limitKey(sessionIdOf(tenant, actor.sub, workflow, session));
    found.push({ key, per: 'session', amounts: limits.amountPerSession, records: limits.recordsPerSession });
  }
  if (limits.amountPerDay || limits.recordsPerDay !== undefined) {
    const key = limitKey(deriveId('day', tenant, actor.sub, workflow, day));
    found.push({ key, per: 'day', amounts: limits.amountPerDay, records: limits.recordsPerDay });
  }
  return found;
}

const MONEY = /^-?\d{1,15}(\.\d{1,4})?$/;
const over = (detail: string): Denial => ({ code: 'LIMIT_EXCEEDED', detail });

/** What an action of these arguments takes of the limits, or why it may not. */
export function withinLimits(of: Case, contract: ToolContract, args: JsonObject): { takes: Reserved } | Denial {
  try {
    const { amount, records } = contract.blast?.(args) ?? { records: 1 };
    const takes: Reserved = { records: Math.max(0, records), ...(amount ? { amount } : {}) };
    return (contract.blast && overAction(of, takes)) || { takes };
  } catch (error) {
    const why = error instanceof Error ? error.name : 'unknown';
    return over(`what it could touch cannot be computed (${why}); unsure is never yes`);
  }
}

function overAction({ loaded }: Case, { amount, records }: Reserved): Denial | undefined {
  const { amountPerAction, recordsPerAction } = loaded.workflow.limits;
  if (!(records <= recordsPerAction)) return over(`${records} records; at most ${recordsPerAction} an action`);
  if (!amount) return undefined;
  if (!MONEY.test(amount.amount)) return { code: 'INVALID_ARGUMENTS', detail: 'the amount is not a decimal number' };
  const limit = limitOf(amountPerAction, amount);
  if (limit === undefined) return over(`no amount of ${shown(amount.currency)} is allowed`);
  if (sizeOf(amount).lessThanOrEqualTo(limit)) return undefined;
  return over(`${amount.amount} ${amount.currency}; at most ${limit} an action`);
}

/** Guarantee 1: whether session and day have that much left. */
export function overGranted(of: Case, takes: Reserved): Denial | undefined {
  for (const limit of limitsOf(of.intent, of.loaded)) {
    const denial = overOne(limit, of.states.get<Granted>(limit.key) ?? NOTHING, takes);
    if (denial) return denial;
  }
  return undefined;
}

const NOTHING: Granted = { amounts: {}, records: 0 };

function overOne({ per, amounts, records: most }: Limit, granted: Granted, takes: Reserved): Denial | undefined {
  if (most !== undefined && granted.records + takes.records > most)
    return over(`${takes.records} records; ${Math.max(0, most - granted.records)} of ${most} a ${per} are left`);
  const { amount } = takes;
  if (!amounts || !amount) return undefined;
  const limit = limitOf(amounts, amount);
  if (limit === undefined) return over(`no amount of ${shown(amount.currency)} is allowed a ${per}`);
  const left = new Decimal(limit).minus(grantedOf(granted, amount.currency));
  if (sizeOf(amount).lessThanOrEqualTo(left)) return undefined;
  const { currency } = amount;
  return over(
    `${amount.amount} ${currency}; ${Decimal.max(0, left).toFixed()} of ${limit} ${currency} a ${per} are left`,
  );
}

/** Guarantee 2: what the rows say once an action that had reserved `before` has reserved `after`. */
export function book(of: Case, before: Reserved | undefined, after: Reserved | undefined): Effect[] {
  if (before === after) return [];
  return limitsOf(of.intent, of.loaded).map(({ key }) => {
    const granted = of.states.get<Granted>(key) ?? NOTHING;
    return put(key, added(added(granted, before, -1), after, 1));
  });
}

/** Never below nothing: a limit may be younger than what is given back. */
function added(granted: Granted, takes: Reserved | undefined, sign: 1 | -1): Granted {
  if (!takes) return granted;
  const records = Math.max(0, granted.records + sign * takes.records);
  const { amount } = takes;
  if (!amount) return { ...granted, records };
  const sum = grantedOf(granted, amount.currency).plus(sizeOf(amount).times(sign));
  return { records, amounts: { ...granted.amounts, [amount.currency]: Decimal.max(0, sum).toFixed() } };
}

const limitOf = (limits: Readonly<Record<string, string>>, { currency }: Money) =>
  Object.hasOwn(limits, currency) ? limits[currency] : undefined;
const grantedOf = ({ amounts }: Granted, currency: string) =>
  new Decimal((Object.hasOwn(amounts, currency) && amounts[currency]) || 0);
const sizeOf = ({ amount }: Money) => new Decimal(amount).abs();
const shown = (currency: string) => currency.slice(0, 10);

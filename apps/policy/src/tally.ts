/*
 * Tally rows: what was counted of actions, for limits, budgets and the history that rules ask for. What they guarantee:
 * 1. The rows an action is counted on are locked in the transaction that decides on it: a count is right however many are decided on
 *    at the same time.
 * 2. An action is counted once and given back once. It remembers where and what, so that neither needs its workflow or its rules.
 * 3. No two kinds of row collide, nor those of two tenants, workflows, budgets, rules or names.
 * 4. A rule sees what was counted without the very action it decides on.
 */
import { Decimal } from 'decimal.js';
import { deriveId, sessionIdOf } from '@countersign/contracts';
import { put, type Effect, type States } from '@countersign/messaging/stream';
import type { NamedAsk, Tally } from '@countersign/policy-kit';
import type { Budget } from '@countersign/workflow-kit';
import { limitKey, type AcceptedIntent, type ActionBase, type Reserved } from './state.js';

/** Whose action it is, and when it was asked for. */
export type Whose = Pick<AcceptedIntent, 'tenant' | 'actor' | 'session' | 'day' | 'workflow'>;

export const sessionTally = ({ tenant, actor, workflow, session }: Whose) =>
  sessionIdOf(tenant, actor.sub, workflow, session);

export function budgetTally({ tenant, actor, workflow, day }: Whose, { name, per }: Budget, tool: string): string {
  const sharer = { user: actor.sub, tenant: '', tool }[per];
  return deriveId('bud', tenant, workflow, name, per, sharer, day);
}

export function historyTally(whose: Whose, { rule, ask: { as, per, window, of } }: NamedAsk): string {
  const { tenant, actor, workflow, day } = whose;
  const since = { session: sessionTally(whose), day, ever: '' }[window];
  const which = of === undefined ? [] : [of];
  return deriveId('his', tenant, workflow, rule, as, per, per === 'user' ? actor.sub : '', window, since, ...which);
}

const NOTHING: Tally = { open: 0, actions: 0, records: 0, amounts: {} };

export const tallyAt = (states: States, id: string): Tally => ({ ...NOTHING, ...states.get<Tally>(limitKey(id)) });

/** What is counted of an action. Of a dry run nothing is; rules look at its rows all the same. */
type Counted = Pick<ActionBase, 'booked' | 'reserved' | 'dryRun'>;

/** Guarantee 4. */
export const withoutThis = (states: States, id: string, action: Counted): Tally =>
  changed(tallyAt(states, id), shareOf(action, id), -1);

/** Guarantee 2: what the rows say once an action that counted as `before` counts as `after`. */
export function book(states: States, before: Counted | undefined, after: Counted | undefined): Effect[] {
  const ids = new Set(
    [before, after].flatMap((one) => [...(one?.booked?.history ?? []), ...(one?.booked?.limits ?? [])]),
  );
  return [...ids].flatMap((id) => {
    const [was, is] = [shareOf(before, id), shareOf(after, id)];
    if (isSame(was, is)) return [];
    return put(limitKey(id), changed(changed(tallyAt(states, id), was, -1), is, 1));
  });
}

/** It has ended and something was done: it is open no more, and what it took is taken. */
export function close(states: States, { booked, dryRun }: Counted): Effect[] {
  if (dryRun) return [];
  return (booked?.history ?? []).map((id) => put(limitKey(id), changed(tallyAt(states, id), { open: 1 }, -1)));
}

interface Share {
  open: 0 | 1;
  takes?: Reserved | undefined;
}

function shareOf(action: Counted | undefined, id: string): Share {
  const { booked, reserved, dryRun } = action ?? {};
  if (dryRun || !booked) return { open: 0 };
  if (booked.history.includes(id)) return { open: 1, takes: reserved };
  return { open: 0, takes: booked.limits.includes(id) ? reserved : undefined };
}

const isSame = (a: Share, b: Share) => a.open === b.open && sizeOf(a.takes) === sizeOf(b.takes);
const sizeOf = (takes: Reserved | undefined) =>
  takes && `${takes.records} ${takes.amount?.amount} ${takes.amount?.currency}`;

/** Never below nothing: a row may be younger than what is given back. */
function changed(tally: Tally, { open, takes }: Share, sign: 1 | -1): Tally {
  const sum = (before: number, by: number) => Math.max(0, before + sign * by);
  const now = { ...tally, open: sum(tally.open, open) };
  if (!takes) return now;
  const counted = { ...now, actions: sum(now.actions, 1), records: sum(now.records, takes.records) };
  if (!takes.amount) return counted;
  const { amount, currency } = takes.amount;
  const total = amountIn(tally, currency).plus(new Decimal(amount).abs().times(sign));
  return { ...counted, amounts: { ...tally.amounts, [currency]: Decimal.max(0, total).toFixed() } };
}

export const amountIn = ({ amounts }: Tally, currency: string): Decimal =>
  new Decimal((Object.hasOwn(amounts, currency) && amounts[currency]) || 0);

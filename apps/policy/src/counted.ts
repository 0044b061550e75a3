import type { JsonObject } from '@countersign/contracts';
import { historyAsksOf, rulesOf, type NamedAsk, type Tally } from '@countersign/policy-kit';
import { parseInput, type ToolContract } from '@countersign/tool-sdk';
import type { LoadedWorkflow } from '@countersign/workflow-kit';
import type { Case } from './drafts.js';
import { limitsOn } from './limits.js';
import { limitKey, type ActionBase, type Booked } from './state.js';
import { historyTally, withoutThis, type Whose } from './tally.js';

type Call = Pick<ActionBase, 'arguments' | 'dryRun'>;

/** Where an action is counted: by its session, the budgets of its tool, and what the rules of its tool ask for. */
export function bookedOn(whose: Whose, loaded: LoadedWorkflow, contract: ToolContract, call: Call): Booked {
  const limits = call.dryRun ? [] : limitsOn(whose, loaded, contract);
  const history = asksOn(whose, loaded, contract, call.arguments);
  return { history: history.map(({ id }) => id), limits: limits.map(({ id }) => id) };
}

export const bookedKeys = ({ history, limits }: Booked): string[] => [...history, ...limits].map(limitKey);

/**
 * The rows to lock before a call that is asked for is decided on. Its arguments are nobody's word yet: what the tool does not take, it is
 * denied without them.
 */
export function keysOfCall(whose: Whose, loaded: LoadedWorkflow, contract: ToolContract, call: Call): string[] {
  const asks = rulesOf(loaded.workflow.rules, { tool: contract }).some(({ history }) => history);
  if (!asks) return bookedKeys(bookedOn(whose, loaded, contract, call));
  const input = parseInput(contract, call.arguments);
  if (!input.ok) return [];
  return bookedKeys(bookedOn(whose, loaded, contract, { ...call, arguments: input.value as JsonObject }));
}

/**
 * What the rules are told of what was done before, without this one, `countedAs` whatever it was so far. A row that was not locked is
 * not known; the rule that asks for it denies.
 */
export function historyOf(
  { intent, loaded, states }: Case,
  contract: ToolContract,
  action: ActionBase,
  countedAs: ActionBase = action,
): Record<string, Tally> {
  const asks = asksOn(intent, loaded, contract, action.arguments);
  const locked = asks.filter(({ id }) => !action.booked || action.booked.history.includes(id));
  return Object.fromEntries(locked.map(({ name, id }) => [name, withoutThis(states, id, countedAs)]));
}

function asksOn(
  whose: Whose,
  { workflow }: LoadedWorkflow,
  { name, effect }: ToolContract,
  args: JsonObject,
): (NamedAsk & { id: string })[] {
  const asked = { tool: { name, effect }, actor: whose.actor, arguments: args };
  return historyAsksOf(workflow.rules, asked).map((ask) => ({ ...ask, id: historyTally(whose, ask) }));
}

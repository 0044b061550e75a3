import { Decimal } from 'decimal.js';
import type { JsonObject, Money } from '@countersign/contracts';
import type { ToolContract } from '@countersign/tool-sdk';
import type { Workflow } from './workflow.js';

/** Why an action is denied before any rule is asked. */
export interface DeniedBefore {
  code: 'PERMISSION_DENIED' | 'LIMIT_EXCEEDED' | 'INVALID_ARGUMENTS';
  detail: string;
}

/** What an action takes of the limits that count it. */
export interface Takes {
  amount?: Money;
  records: number;
}

/** Authority is what the user, the workflow and the tool all allow. */
export function roleDenialOf(
  workflow: Workflow,
  { name, permissions }: ToolContract,
  roles: readonly string[],
): DeniedBefore | undefined {
  const needed = (of: string, by: readonly string[]): DeniedBefore | undefined =>
    roles.some((role) => by.includes(role))
      ? undefined
      : { code: 'PERMISSION_DENIED', detail: `${of} needs one of the roles ${by.join(', ')}` };
  return needed(workflow.name, workflow.roles) ?? needed(name, permissions.roles);
}

/**
 * Roles of the people whose word counts on a commit of this tool that is in doubt: those who may approve any value of it, or were
 * `asked` to approve this one; where there are none, those who may approve anything in the workflow.
 */
export function settlersOf({ tools }: Pick<Workflow, 'tools'>, tool: string, asked: readonly string[] = []): string[] {
  const approvers = (some: readonly ToolContract[]) =>
    some.flatMap(({ permissions }) => Object.values(permissions.approvals ?? {}).flatMap(({ roles }) => roles));
  const own = [...asked, ...approvers(tools.filter(({ name }) => name === tool))];
  return [...new Set(own.length > 0 ? own : approvers(tools))];
}

/** What an action of these arguments takes, or why the limit of one action does not let it. What cannot be computed is over it. */
export function takesOf(workflow: Workflow, contract: ToolContract, args: JsonObject): { takes: Takes } | DeniedBefore {
  try {
    const { amount, records } = contract.blast?.(args) ?? { records: 1 };
    const takes: Takes = { records: Math.max(0, records), ...(amount ? { amount } : {}) };
    return (contract.blast && overAction(workflow, takes)) || { takes };
  } catch (error) {
    const why = error instanceof Error ? error.name : 'unknown';
    return over(`what it could touch cannot be computed (${why}); unsure is never yes`);
  }
}

const MONEY = /^-?\d{1,15}(\.\d{1,4})?$/;
const over = (detail: string): DeniedBefore => ({ code: 'LIMIT_EXCEEDED', detail });

function overAction({ limits }: Workflow, { amount, records }: Takes): DeniedBefore | undefined {
  const { amountPerAction, recordsPerAction } = limits;
  if (!(records <= recordsPerAction)) return over(`${records} records; at most ${recordsPerAction} an action`);
  if (!amount) return undefined;
  if (!MONEY.test(amount.amount)) return { code: 'INVALID_ARGUMENTS', detail: 'the amount is not a decimal number' };
  const { currency } = amount;
  const limit = Object.hasOwn(amountPerAction, currency) ? amountPerAction[currency] : undefined;
  if (limit === undefined) return over(`no amount of ${currency.slice(0, 10)} is allowed`);
  if (new Decimal(amount.amount).abs().lessThanOrEqualTo(limit)) return undefined;
  return over(`${amount.amount} ${currency}; at most ${limit} an action`);
}

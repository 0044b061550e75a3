import type { Observed } from './observed.js';
import type { Reached } from './run-report.js';

/** Each thing once, whatever often it was reached. How an action ended is said of the roles that it was decided for. */
export function reachedBy(observed: readonly Observed[]): Reached[] {
  const all = observed.flatMap(({ decisions, outcomes }): Reached[] => {
    const rolesOf = new Map(decisions.map(({ actionId, actorRoles }) => [actionId, [...actorRoles].sort()]));
    return [
      ...decisions.map(({ tool, actorRoles, outcome, code, rules }) => ({
        ...{ tool, roles: [...actorRoles].sort(), outcome, ...(code ? { code } : {}) },
        rules: rules.map(({ rule, outcome }) => ({ rule, outcome })),
      })),
      ...outcomes.map(({ actionId, tool, ends, code }) => {
        const roles = rolesOf.get(actionId);
        return { tool, ...(roles ? { roles } : {}), outcome: ends, ...(code ? { code } : {}) };
      }),
    ];
  });
  return [...new Map(all.map((each) => [JSON.stringify(each), each])).values()];
}

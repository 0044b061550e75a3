import type { Item } from './state.js';

/** What the items of a batch have in common: the tool and the rules that ask for a person, as they were then. */
const kindOf = ({ escalated: { workflow, tool, toolVersion, policyVersion, rules } }: Item): string => {
  const asking = rules.filter(({ outcome }) => outcome === 'escalate').map(({ rule }) => rule);
  return JSON.stringify([workflow, tool, toolVersion, policyVersion, [...new Set(asking)].sort()]);
};

/** Items that are not of the first one's tool and rules: they are no part of one decision. */
export function oddOnes(items: readonly Item[]): string[] {
  const [first, ...others] = items;
  return others.filter((item) => kindOf(item) !== kindOf(first!)).map(({ approvalId }) => approvalId);
}

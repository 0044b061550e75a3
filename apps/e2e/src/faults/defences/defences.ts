import { inBuilt, inSpecs, simulated, type Defence } from './defence.js';
import { BOUNDARY_DEFENCES } from './of-boundaries.js';
import { EDGE_CASE_DEFENCES } from './of-edge-cases.js';
import { EXECUTOR_DEFENCES } from './of-executor.js';
import { MESSAGING_DEFENCES } from './of-messaging.js';

const POLICY = 'apps/policy';

export const DEFENCES: readonly Defence[] = [
  ...MESSAGING_DEFENCES,
  ...EXECUTOR_DEFENCES,
  {
    name: 'the first outcome stands',
    removals: [inBuilt(POLICY)('decide', 'if (states.get(intentKey(intentId)))', 'if (false)')],
    caughtBy: [inSpecs(POLICY)('decide', 'published again emits nothing'), simulated],
  },
  ...EDGE_CASE_DEFENCES,
  ...BOUNDARY_DEFENCES,
];

export function defenceNamed(name: string): Defence {
  const found = DEFENCES.find((defence) => defence.name === name);
  if (!found)
    throw new Error(`there is no defence "${name}"; there are: ${DEFENCES.map((one) => one.name).join(', ')}`);
  return found;
}

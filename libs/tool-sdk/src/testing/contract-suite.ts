import { describe, it } from '@jest/globals';
import type { Tool } from '../tool.js';
import { Bench, type ToolTrial } from './bench.js';
import { checksOf } from './checks.js';

/**
 * What every tool has to hold on its real target:
 *
 * 1. Bad input is refused with `INVALID_ARGUMENTS`, and the target hears nothing of it.
 * 2. A read and a preview (so a dry run too) change nothing; what they answer is what the contract declares.
 * 3. Class A: the same key twice is one effect and the same answer; with other arguments it is `IDEMPOTENCY_CONFLICT`; no
 *    key is `IDEMPOTENCY_KEY_REQUIRED`. Class B: a second time does nothing more.
 * 4. A commit on versions that have moved does nothing.
 * 5. A look-up finds what was done and nothing that was not. `done` holds after a commit. Neither changes anything.
 *
 * @example
 * toolContractSuite(issueRefund, () => ({ tenant: 'acme', actor: 'alice', target: (key) => httpTarget({ … }), arguments: freshOrder, others, state }));
 */
export function toolContractSuite(tool: Tool, trialOf: () => ToolTrial | Promise<ToolTrial>): void {
  describe(`${tool.contract.name}, by its contract`, () => {
    for (const { title, run } of checksOf(tool)) it(title, async () => run(new Bench(tool, await trialOf())));
  });
}

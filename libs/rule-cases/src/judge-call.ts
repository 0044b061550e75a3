import type { Code, JsonObject } from '@countersign/contracts';
import { parseInput, type ToolContract } from '@countersign/tool-sdk';
import { evaluate, type RuleFacts, type Verdict } from '@countersign/policy-kit';
import { roleDenialOf, takesOf, type Workflow } from '@countersign/workflow-kit';

/** What is asked for, and all that is known of it. */
export type Call = Omit<RuleFacts, 'workflow' | 'tool' | 'permissions'> & { tool: string };

/**
 * What a workflow says of one call, as policy decides it: the tool's schema, whom workflow and tool let call it, the limit of one
 * action, then the rules and the permission map. What hangs on the moment (limits of session and day, switches, stages, what people
 * said) is not looked at.
 */
export function judgeCall(workflow: Workflow, call: Call): Verdict {
  const contract = workflow.tools.find(({ name }) => name === call.tool);
  if (!contract) return denied('UNKNOWN_TOOL', `${workflow.name} has no tool ${call.tool}`);
  const input = parseInput(contract, call.arguments);
  if (!input.ok) {
    const fields = input.problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
    return denied('INVALID_ARGUMENTS', fields);
  }
  const args = input.value as JsonObject;
  const takes = takesOf(workflow, contract, args);
  const denial = roleDenialOf(workflow, contract, call.actor.roles) ?? ('takes' in takes ? undefined : takes);
  if (denial) return denied(denial.code, denial.detail);
  return evaluate(workflow.rules, factsOf(workflow, contract, { ...call, arguments: args }));
}

export function factsOf(workflow: Workflow, contract: ToolContract, { tool: _, ...call }: Call): RuleFacts {
  return {
    workflow: workflow.name,
    tool: { name: contract.name, effect: contract.effect },
    permissions: contract.permissions,
    ...(contract.decides ? { decides: contract.decides } : {}),
    ...(contract.freeNames ? { freeNames: contract.freeNames } : {}),
    ...call,
  };
}

const denied = (code: Code, detail: string): Verdict => ({
  tag: 'deny',
  rules: [],
  code,
  detail,
});

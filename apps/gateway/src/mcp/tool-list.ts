import type { Tool } from '@modelcontextprotocol/sdk/types.js';
import type { Person } from '@countersign/contracts';
import { inputJsonSchema, type ToolContract } from '@countersign/tool-sdk';
import type { LoadedWorkflow } from '@countersign/workflow-kit';

/** Asks again for an action that was not done when its call was answered. */
export const AWAIT_TOOL = 'countersign_await_action';

const awaitTool: Tool = {
  name: AWAIT_TOOL,
  description:
    'Waits a short while for an action that an earlier call left waiting (for a person, or still running), and tells what became of it. Call it again while the action has not ended.',
  inputSchema: {
    type: 'object',
    properties: { actionId: { type: 'string', description: 'The actionId of the earlier result' } },
    required: ['actionId'],
    additionalProperties: false,
  },
  annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
};

/** The tools of a workflow that a caller's roles may call, as MCP shows them; policy judges each call all the same. */
export function toolList({ workflow }: LoadedWorkflow, { roles }: Pick<Person, 'roles'>): Tool[] {
  const allowed = workflow.tools.filter(({ permissions }) => permissions.roles.some((role) => roles.includes(role)));
  return [...allowed.map(shown), awaitTool];
}

const shown = (tool: ToolContract): Tool => ({
  name: tool.name,
  description: tool.description,
  inputSchema: inputJsonSchema(tool) as Tool['inputSchema'],
  annotations: {
    readOnlyHint: tool.effect === 'read',
    destructiveHint: tool.effect !== 'read' && !tool.reversible,
    // The same call again in another request is another action.
    idempotentHint: tool.effect === 'read',
    openWorldHint: tool.effect === 'egress',
  },
});

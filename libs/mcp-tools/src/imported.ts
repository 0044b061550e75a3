import { z } from 'zod';
import { classified, type Json, type JsonObject } from '@countersign/contracts';
import {
  defineTool,
  defineToolContract,
  ToolRefusal,
  type CommitContext,
  type TargetAnswer,
  type Tool,
  type ToolContext,
  type ToolContract,
} from '@countersign/tool-sdk';
import { hasFreeNames, inputOf } from './input-schema.js';
import { inputsOf } from './json-schema.js';
import { readToolsFile, type ImportedTool } from './tools-file.js';

/**
 * The contracts of an imported package, for its `workflow.js`.
 *
 * @throws Error with all that is wrong in the file, or with a tool that is not fit
 * @example
 * export const contracts = importedContracts(new URL('./tools.yaml', import.meta.url));
 */
export function importedContracts(where: URL): ToolContract[] {
  const { target, tools } = readToolsFile(where);
  return Object.entries(tools).map(([name, tool]) => contractOf(name, target, tool));
}

function contractOf(name: string, target: string, tool: ImportedTool): ToolContract {
  const { description, effect, reversible, trust, timeoutMs, permissions, decides, declaration } = tool;
  const input = inputOf(tool.inputSchema, (one) => tool.classes[one] ?? 'secret');
  const acts = effect !== 'read';
  const freeNames = inputsOf(tool.inputSchema).flatMap(([one, schema]) => (hasFreeNames(schema) ? [one] : []));
  return defineToolContract({
    ...{ name, description, effect, reversible, trust, timeoutMs, target, input },
    // Another declaration is another version: what was approved of the one before is decided anew.
    version: `0.0.0-${declaration.slice(0, 12)}`,
    imported: true,
    ...(acts ? { class: tool.class, preview: z.object(input.shape) } : {}),
    ...(Object.keys(decides).length > 0 ? { decides } : {}),
    ...(freeNames.length > 0 ? { freeNames } : {}),
    output: outputOf(tool),
    permissions,
  } as ToolContract);
}

const outputOf = ({ result }: ImportedTool) =>
  z.object({
    text: classified(result, z.string()),
    structured: classified(result, z.json()).optional(),
    left: classified('internal', z.array(z.string())).optional(),
  });

/**
 * How they act, for the package's `tools.js`: each call is one `tools/call` of the server behind the target. What it answers is a
 * stranger's word unless the file says otherwise.
 *
 * @example
 * export default importedTools(new URL('./tools.yaml', import.meta.url), contracts);
 */
export function importedTools(where: URL, contracts: readonly ToolContract[]): Tool[] {
  const { tools } = readToolsFile(where);
  return contracts.map((contract) => {
    const tool = tools[contract.name];
    if (!tool) throw new Error(`${String(where)} has no tool ${contract.name} any more`);
    return contract.effect === 'read' ? reading(contract, tool) : acting(contract, tool);
  });
}

const reading = (contract: ToolContract, tool: ImportedTool): Tool =>
  defineTool({
    contract,
    read: async (context, args) => ({
      result: resultOf(tool, await called(context, tool, args, 'GET')),
      recordsRead: [],
    }),
  });

/** There is nothing that computes what a server would do: what people decide on is what would be sent. */
const acting = (contract: ToolContract, tool: ImportedTool): Tool =>
  defineTool({
    contract,
    preview: (_, args) => Promise.resolve({ effect: args as JsonObject, basis: {}, recordsRead: [] }),
    commit: async (context, args) => ({
      result: resultOf(tool, await called(context, tool, args, 'POST')),
      recordsRead: [],
      recordsChanged: [],
    }),
  });

function called(
  { target }: ToolContext | CommitContext,
  { remote, declaration }: ImportedTool,
  args: Record<string, unknown>,
  method: 'GET' | 'POST',
): Promise<TargetAnswer> {
  const headers = { [DECLARATION_HEADER]: declaration };
  return target.request({
    method,
    path: `${TOOLS_PATH}${encodeURIComponent(remote)}`,
    body: args as JsonObject,
    headers,
  });
}

/** What the executor's MCP connection is asked for: a tool by its path, under the declaration that was reviewed. */
export const TOOLS_PATH = '/tools/';
export const DECLARATION_HEADER = 'declaration';

const NEXT: Record<number, [code: 'NOT_RELEASED' | 'INVALID_ARGUMENTS' | 'UPSTREAM_FAILED', nextStep: string]> = {
  409: ['NOT_RELEASED', 'Import the server again, review what changed, and release it.'],
  422: ['INVALID_ARGUMENTS', 'Correct the arguments by what the server said.'],
};

const content = z.looseObject({ type: z.string(), text: z.string().optional() });
const answered = z.looseObject({
  content: z.array(content).default([]),
  structuredContent: z.record(z.string(), z.json()).optional(),
  isError: z.boolean().optional(),
});

/** What a server answered, as a result; thrown where it is a definite no. */
function resultOf(tool: ImportedTool, { status, body }: TargetAnswer): JsonObject {
  if (status >= 300) throw refused(tool, status, (body as { detail?: Json } | null)?.detail);
  const { content, structuredContent, isError } = answered.parse(body);
  const text = content.flatMap((part) => part.text ?? []).join('\n');
  if (isError) throw failed(tool, text);
  const left = content.filter((part) => part.text === undefined).map(({ type }) => type.slice(0, 50));
  return {
    text,
    ...(structuredContent ? { structured: structuredContent as JsonObject } : {}),
    ...(left.length > 0 ? { left } : {}),
  };
}

/** A server may find fault with arguments when it has acted on them already: then it is as good as its saying that it failed. */
function refused(tool: ImportedTool, status: number, said: Json | undefined): Error {
  const detail = typeof said === 'string' ? said : `the server said no (${status})`;
  if (status === 422 && tool.effect !== 'read') return failed(tool, detail);
  const [code, nextStep] = NEXT[status] ?? ['UPSTREAM_FAILED', undefined];
  return new ToolRefusal(code, detail, nextStep);
}

/** Of a read, nothing was done. Of a write nobody knows, unless whoever reviewed it does. */
function failed({ remote, effect, onError }: ImportedTool, text: string): Error {
  const detail = `${remote} says that it failed: ${text.slice(0, 500)}`;
  return effect === 'read' || onError === 'refused' ? new ToolRefusal('UPSTREAM_FAILED', detail) : new Error(detail);
}

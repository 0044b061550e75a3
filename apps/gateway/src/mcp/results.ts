import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { problem } from '@countersign/contracts';
import { HttpProblem } from '@countersign/host';
import type { Found } from '../status-reader.js';
import { AWAIT_TOOL } from './tool-list.js';

const answer = (structuredContent: Record<string, unknown>, isError = false): CallToolResult => ({
  structuredContent,
  content: [{ type: 'text', text: JSON.stringify(structuredContent) }],
  ...(isError ? { isError: true } : {}),
});

const DONE = ['read', 'previewed', 'drafted', 'committed'];

/** What became of an action, as a tool's result: done, refused (`isError`), or not ended and how to ask again. */
export function resultOf(found: Found, expiresInMs: number): CallToolResult {
  const shown = { ...found } as Record<string, unknown>;
  if (found.state === 'refused') return answer(shown, true);
  if (found.state === 'ended') return answer(shown, !DONE.includes(String(found.outcome)));
  const again = `Call ${AWAIT_TOOL} with this actionId to learn what became of it; do not repeat the call itself.`;
  if (found.state !== 'waiting') return answer({ ...shown, nextStep: again });
  return answer({
    ...shown,
    message: 'It is waiting for a person to decide. Nothing was done yet.',
    approvalExpiresWithinSeconds: Math.ceil(expiresInMs / 1000),
    nextStep: again,
  });
}

/** A refusal with code, detail and next step; what nobody foresaw is thrown on. */
export function refusalOf(error: unknown): CallToolResult {
  if (!(error instanceof HttpProblem)) throw error;
  const { code, detail, nextStep } = { ...problem(error.code, error.detail), ...error.extensions };
  return answer({ code, detail, nextStep }, true);
}

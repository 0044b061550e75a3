import { readConversation } from './conversation.js';
import { decide } from './decide.js';
import { tell } from './tell.js';
import { knownTool } from './tool-kinds.js';
import type { ChatRequest, Said } from './wire.js';

/** What the stand-in says to a request that no script answers. */
export function answer(request: ChatRequest): Said {
  const conversation = readConversation(request.messages);
  const tools = request.tools.map((tool) => knownTool(tool.function));
  const next = decide(conversation, request.tool_choice === 'none' ? [] : tools);
  if (next.tag === 'tell') return { content: tell(conversation, next, tools), calls: [] };
  return { content: next.because, calls: [{ name: next.tool.name, arguments: JSON.stringify(next.args) }] };
}

import { SPAN, type SpanAttributes, type SpanSpec, type WorkRow } from '@countersign/messaging';
import { SETTLE, type Outcome, type Warrant } from './state.js';

/** A warrant's way to its target, as a tool execution of the GenAI conventions. Content is shown as it travels: personal values are tokens. */
export function toolBegins(row: WorkRow, warrant: Warrant, content: boolean): SpanSpec {
  const { tool, tenant, intentId, actionId, grant } = warrant;
  return {
    name: `execute_tool ${tool}`,
    kind: 'internal',
    attributes: {
      [SPAN.genAiOperation]: 'execute_tool',
      [SPAN.toolName]: tool,
      [SPAN.toolType]: 'extension',
      [SPAN.tenant]: tenant,
      [SPAN.intentId]: intentId,
      [SPAN.actionId]: actionId,
      [SPAN.tool]: tool,
      [SPAN.grant]: row.kind === SETTLE ? undefined : grant,
      ...(content ? { [SPAN.toolArguments]: JSON.stringify(warrant.arguments) } : {}),
    },
  };
}

const WENT_WRONG = ['failed', 'returned', 'blocked', 'in-doubt'];

export function toolEnded({ ending }: Outcome, content: boolean): SpanAttributes {
  const code = 'refusal' in ending ? ending.refusal.code : undefined;
  return {
    [SPAN.outcome]: ending.tag,
    [SPAN.code]: code,
    ...(code !== undefined && WENT_WRONG.includes(ending.tag) ? { [SPAN.errorType]: code } : {}),
    ...(content && 'result' in ending ? { [SPAN.toolResult]: JSON.stringify(ending.result) } : {}),
  };
}

import type { Workflow } from '@countersign/workflow-kit';
import { knownText } from './known.js';
import type { Message, Plan } from './state.js';
import { bounded, BOUNDS } from './transcript.js';

/** The most tokens one answer may have. */
const ANSWER_TOKENS = 4_096;
const CHARS_PER_TOKEN = 4;

export interface Prompt {
  messages: Message[];
  maxTokens: number;
}

/**
 * What a turn sends: the transcript, and the known records behind its last tool result, where only data stands. All of it
 * and the answer fit into what is left of the intent's tokens, counted at four characters each; undefined if they cannot.
 */
export function promptOf(
  transcript: Message[],
  { known, tokens }: Pick<Plan, 'known' | 'tokens'>,
  workflow: Workflow,
  open: readonly string[],
  now: Date,
): Prompt | undefined {
  const left = workflow.model.tokenBudget - tokens;
  const room = Math.min(BOUNDS.transcript, left * CHARS_PER_TOKEN);
  const records = knownText(known, workflow, open, now, Math.min(BOUNDS.records, room / 2));
  const messages = withRecords(bounded(transcript, room - JSON.stringify(records ?? '').length), records);
  const spare = left - Math.ceil(JSON.stringify(messages).length / CHARS_PER_TOKEN);
  return spare > 0 ? { messages, maxTokens: Math.min(ANSWER_TOKENS, spare) } : undefined;
}

function withRecords(messages: Message[], records: string | undefined): Message[] {
  const at = messages.findLastIndex(({ role }) => role === 'tool');
  if (records === undefined || at === -1) return messages;
  return messages.map((message, index) =>
    index === at ? ({ ...message, content: `${message.content}\n\n${records}` } as Message) : message,
  );
}

import type { AnyEvent, EventData, Json } from '@countersign/contracts';
import type { WrittenCase } from '../case-file.js';

type Turn = NonNullable<Extract<WrittenCase['steps'][number], { intent: unknown }>['model']>[number];
type Called = EventData<'countersign.model.called.v1'>;

/** Asked for more than it was then, since another rule stands in the way, the model has nothing to add. */
const LAST: Turn = { says: 'There is nothing more that I can do.', times: 100 };

/** What the model answered, turn by turn. */
export function turnsOf(events: readonly AnyEvent[]): Turn[] {
  const turns = new Map<number, Turn>();
  for (const { type, data } of events) if (type === 'countersign.model.called.v1') turns.set(data.turn, turnOf(data));
  return [...[...turns].sort(([a], [b]) => a - b).map(([, turn]) => turn), LAST];
}

/** A trace without what the model asked for in later turns than an action's: where that is denied, it is told so and says another thing. */
export function untilTurnOf(actionId: string | undefined, events: readonly AnyEvent[]): readonly AnyEvent[] {
  const turns = new Map<string, number>();
  for (const { type, data } of events)
    if (type === 'countersign.action.proposed.v1') turns.set(data.actionId, data.turn);
  const last = turns.get(actionId ?? '') ?? Infinity;
  return events.filter(({ type, data }) =>
    type === 'countersign.model.called.v1'
      ? data.turn <= last
      : !('actionId' in data) || (turns.get(data.actionId ?? '') ?? 0) <= last,
  );
}

/** Whether the model was told what the user had said before, in the same session. */
export const hasHistory = (events: readonly AnyEvent[]): boolean =>
  events.some(({ type, data }) => {
    if (type !== 'countersign.model.called.v1' || data.turn !== 0) return false;
    const { messages } = (data.request ?? {}) as { messages?: { role?: string }[] };
    return Array.isArray(messages) && messages.filter(({ role }) => role === 'user').length > 1;
  });

function turnOf({ response, tries = [], attempts }: Called): Turn {
  const { content, toolCalls, ...other } = (response ?? {}) as Record<string, Json>;
  const says = typeof content === 'string' ? content : '';
  const calls = Array.isArray(toolCalls) ? toolCalls.map(callOf) : [];
  if (calls.length > 0) return { calls, ...(says ? { says } : {}) };
  if (content !== undefined) return { says };
  // No completion, or one too long to be told whole.
  const raw = other['raw'] ?? other['text'];
  if (raw !== undefined) return { raw: typeof raw === 'string' ? raw : JSON.stringify(raw) };
  const status = tries.findLast((each) => each.status !== undefined)?.status ?? 500;
  return { status: status < 400 || status > 599 ? 500 : status, times: Math.min(Math.max(attempts, 1), 1_000) };
}

function callOf(call: Json): {
  tool: string;
  arguments: Extract<Turn, { calls: unknown }>['calls'][number]['arguments'];
} {
  const { name, arguments: text } = call as { name: string; arguments: string };
  return { tool: name, arguments: objectIn(text) ?? text };
}

/** As the model wrote them, where that is no object. */
function objectIn(text: string): Record<string, Json> | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

import { recordOf, recordsIn, withoutRecords } from './known-records.js';
import type { ChatMessage } from './wire.js';

/** A tool call since the last user message, and what came of it. */
export interface Call {
  name: string;
  args: Record<string, unknown>;
  result?: ToolResult;
}
export interface ToolResult {
  status: 'ok' | 'nothing-done' | 'refused';
  /** `read`, `committed`, `previewed`, `denied` …, when the result says so. */
  word?: string;
  code?: string;
  detail?: string;
  /** When what was refused may be asked for again. */
  retryAt?: string;
  /** The arguments a person put in the place of the call's. */
  edited?: Record<string, unknown>;
  final: boolean;
  data: unknown;
}
export interface Conversation {
  text: string;
  earlier: string[];
  calls: Call[];
}

const NOT_DONE = /^(previewed|drafted|dry.?run)$/;
const REFUSED = /^(denied|refused|rejected|failed|blocked|error|expired|dropped|in.?doubt)$/;

/** The last user message, what the user said before it, and every call since with its result. */
export function readConversation(messages: ChatMessage[]): Conversation {
  const asked = messages.findLastIndex(({ role }) => role === 'user');
  const since = messages.slice(asked + 1);
  const told = since.filter(({ role }) => role === 'tool');
  const records = recordsIn(told.map(({ content }) => content));
  const results = new Map(told.map((message) => [message.tool_call_id, withoutRecords(message.content)]));
  const calls = since.flatMap(({ tool_calls }) =>
    (tool_calls ?? []).map((call): Call => {
      const content = results.get(call.id);
      const args = objectOf(call.function.arguments);
      const result = content === undefined ? undefined : readResult(content);
      const data = result?.status === 'ok' ? recordOf(records, call.function.name, args) : undefined;
      return { name: call.function.name, args, ...(result && { result: data ? { ...result, data } : result }) };
    }),
  );
  const users = messages.slice(0, Math.max(asked, 0)).filter(({ role }) => role === 'user');
  return { text: messages[asked]?.content ?? '', earlier: users.map(({ content }) => content).reverse(), calls };
}

/** What a result says, whatever its shape: an outcome's word, a code with its detail, and the data. */
export function readResult(content: string): ToolResult {
  const parsed = parse(content);
  if (typeof parsed !== 'object' || parsed === null) {
    return { status: /^\s*error\b/i.test(content) ? 'refused' : 'ok', detail: content, final: false, data: content };
  }
  const body = parsed as Record<string, unknown>;
  const problem = [body, body.error].find(hasCode);
  const word = [body.status, body.outcome].find((value) => typeof value === 'string');
  const settled = body.status === 'resolved' ? String(body.outcome) : word;
  return {
    status:
      problem || (settled && REFUSED.test(settled))
        ? 'refused'
        : settled && NOT_DONE.test(settled)
          ? 'nothing-done'
          : 'ok',
    ...(settled ? { word: settled } : {}),
    ...(problem ? { code: problem.code } : {}),
    ...(typeof (problem ?? body).detail === 'string' ? { detail: (problem ?? body).detail as string } : {}),
    ...(typeof body.retryAt === 'string' ? { retryAt: body.retryAt } : {}),
    ...(isObject(body.edited) ? { edited: body.edited } : {}),
    final: body.final === true,
    data: body.result ?? body.effect ?? body.record ?? body.data ?? parsed,
  };
}

const hasCode = (value: unknown): value is { code: string; detail?: unknown } =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as { code?: unknown }).code === 'string' &&
  /^[A-Z][A-Z_]+$/.test((value as { code: string }).code);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function objectOf(json: string): Record<string, unknown> {
  const value = parse(json);
  return isObject(value) ? value : {};
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Every field in some data with its name, objects before what is in them. */
export function fieldsIn(data: unknown, name = '', depth = 0): { name: string; value: unknown }[] {
  if (depth > 6 || data === null || typeof data !== 'object') return name ? [{ name, value: data }] : [];
  if (Array.isArray(data)) return data.slice(0, 50).flatMap((item) => fieldsIn(item, name, depth + 1));
  const inside = Object.entries(data).flatMap(([key, value]) => fieldsIn(value, key, depth + 1));
  return name ? [{ name, value: data }, ...inside] : inside;
}

import type { ShownField } from '@countersign/context';
import type { ActionOutcome, Code, JsonObject } from '@countersign/contracts';

/** Who asked, as policy verified it, and where the answer goes. */
export interface Owner {
  tenant: string;
  sub: string;
  roles: string[];
  session: string;
}

/** A message in the chat-completions shape. */
export type Message =
  | { role: 'system' | 'user'; content: string }
  | { role: 'assistant'; content: string | null; tool_calls?: ToolCall[] }
  | { role: 'tool'; tool_call_id: string; content: string };
export interface ToolCall {
  id: string;
  type: 'function';
  function: { name: string; arguments: string };
}

/** How an action stands. `open`: a person decides, or looks at what is in doubt; it may take days. */
export type Stand =
  | { tag: 'proposed' }
  | { tag: 'open'; why: 'escalated' | 'in-doubt' }
  | { tag: 'ended'; outcome: ActionOutcome; code?: Code };

/** What became of an action: `shown` to the model, `line` to a person. */
export interface Outcome {
  /** Id of the event that said so. */
  cause: string;
  actionId: string;
  tool: string;
  stand: Stand;
  shown: string;
  line: string;
}

export interface Act {
  actionId: string;
  tool: string;
  stand: Stand;
  line: string;
  /** Of a read that the model sees through a source. */
  reads?: { source: string; arguments: JsonObject };
  /** The planner's own: it reads again what the model was shown before. */
  again?: true;
  proof?: Proof;
}

/** What a commit did, by the executor's signed result: what a reply may claim of it. */
export interface Proof {
  /** The system of record shows what "done" means, or nobody said what it means. */
  holds: boolean;
  /** Values of the result, of what it made and of what it changed. */
  own: string[];
  /** Values of the records it changed, as they were and as they are. */
  around: string[];
}

/** A record, or a list of them, that the model is shown: its newest read, through its source. */
export interface KnownRecord {
  source: string;
  /** The id it is read by. */
  subject: string;
  arguments: JsonObject;
  view: ShownField[];
  readAt: string;
  /** Why it is not shown as it is now. */
  doubt?: { tag: 'moved' } | { tag: 'unread' | 'gone'; code: Code };
  /** Fields were left out for length. */
  partial?: true;
}

/** A leaf of what was read, in no stranger's words. `computed`: by a tool, or of a read without a source. */
export type Seen = [field: string, value: string, computed?: true];

/** A call of the turn under way, with the answer the model is to see once there is one. */
export interface Pending {
  callId: string;
  actionId?: string;
  shown?: string;
}

/** All that is known of an intent the model works on. Bounded: see transcript.ts. */
export interface Plan {
  owner: Owner;
  sessionId: string;
  workflow: string;
  authorityUntil: string;
  text: string;
  subject?: { type: string; id: string };
  transcript: Message[];
  /** The next turn's number while queued, else the one under way. */
  turn: number;
  tokens: number;
  acts: Act[];
  pending: Pending[];
  /** In the order of their reads. */
  known: KnownRecord[];
  seen: Seen[];
  /** Id of the event that led to the turn. */
  cause: string;
  /** Where in its trace it was accepted. */
  traceparent?: string;
}

/**
 * `intent:<id>`. early → single → ended, or early → queued → thinking → acting → (refreshing → thinking | waiting → queued) →
 * ended.
 * `early` holds what came before policy's acceptance.
 */
export type IntentState =
  | { tag: 'early'; outcomes: Outcome[] }
  | { tag: 'single'; owner: Owner; actionId: string; tool: string; dryRun: boolean }
  | { tag: 'queued'; plan: Plan; last: boolean }
  | { tag: 'thinking'; plan: Plan }
  | { tag: 'acting'; plan: Plan }
  | { tag: 'refreshing'; plan: Plan }
  | { tag: 'waiting'; plan: Plan }
  | { tag: 'ended' };

/** `session:<id>`: one intent at a time has it; the others wait in line. */
export interface SessionState {
  active: string | null;
  line: { intentId: string; turn: number; traceparent?: string }[];
  history: { user: string; reply: string }[];
}

export const NEW_SESSION: SessionState = { active: null, line: [], history: [] };

export const intentKey = (intentId: string) => `intent:${intentId}`;
export const sessionKey = (sessionId: string) => `session:${sessionId}`;

export const LIMITS = {
  /** Intents of a session that may wait for their first turn. */
  line: 20,
  callsPerTurn: 8,
  actsPerIntent: 32,
  /** Records read again before one turn; their proposals have indices from `firstRefresh` on, which no call of a model's has. */
  refreshesPerTurn: 8,
  firstRefresh: 1_000,
  /** What came early: an action escalated, in doubt, ended. */
  early: 8,
} as const;

/** A turn's work row. */
export interface TurnBody {
  intentId: string;
  sessionId: string;
  workflow: string;
  turn: number;
  cause: string;
  messages: Message[];
  /** Tools the model is offered; none in the last turn. */
  tools: string[];
  /** Tokens the answer may have. */
  maxTokens: number;
  last: boolean;
}

/** What the model gave, cut to size: hostile, and judged by `decide`. */
export type TurnOutcome =
  | {
      tag: 'answered';
      content: string | null;
      calls: { id: string; name: string; arguments: string; flaw?: string }[];
      finish: string;
      usage: { prompt: number; completion: number };
      attempts: number;
      tries?: Try[];
      durationMs: number;
    }
  | {
      tag: 'failed';
      error: string;
      /** What came in the place of an answer. */
      raw?: string;
      attempts: number;
      tries?: Try[];
      durationMs: number;
    };

/** One request to the model: the status it was answered with, or why it was not answered. */
export interface Try {
  status?: number;
  error?: string;
  durationMs: number;
}

export interface WakeBody {
  intentId: string;
  sessionId: string;
}

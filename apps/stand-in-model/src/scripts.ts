import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ChatMessage } from './wire.js';

const scriptedCall = z.looseObject({
  id: z.string().optional(),
  type: z.literal('function').default('function'),
  function: z.looseObject({
    name: z.string(),
    arguments: z.union([z.string(), z.record(z.string(), z.unknown()).transform((args) => JSON.stringify(args))]),
  }),
});
const SAYS = ['content', 'tool_calls', 'status', 'raw', 'delayMs'];
/** What belongs to an assistant message and is not played (`refusal`, `annotations`, `audio`) is let by. */
const entrySchema = z
  .looseObject({
    role: z.literal('assistant').optional(),
    content: z.string().nullish(),
    tool_calls: z.array(scriptedCall).nullish(),
    status: z.int().min(400).max(599).optional(),
    headers: z.record(z.string(), z.string()).optional(),
    raw: z.string().optional(),
    delayMs: z.number().min(0).max(600_000).optional(),
  })
  .refine((entry) => Object.keys(entry).some((key) => SAYS.includes(key)), 'an entry says or does something');
export const scriptSchema = z.array(entrySchema).min(1).max(1_000);
export type ScriptEntry = z.infer<typeof entrySchema>;

/** A fault leaves no assistant message behind, so the client may ask again on the same turn. */
const isFault = (entry: ScriptEntry) => (entry.content ?? entry.tool_calls) == null;

interface Place {
  turn: number;
  position: number;
  fault: boolean;
}
const MOST_PLACES = 20_000;
const TAG = /\[\[script ([^\]\s]+)\]\]/;

/**
 * Scripts by name, and where each conversation is in its own. Without a fault the place is the turn itself and nothing is
 * remembered that matters. A fault asked for again on its turn gives way to the next entry, so that "429, then an
 * answer" can be written; the last entry stays, so that "429 for ever" can.
 */
export class Scripts {
  private readonly scripts = new Map<string, ScriptEntry[]>();
  private readonly places = new Map<string, Place>();

  put(name: string, entries: ScriptEntry[]): void {
    this.scripts.set(name, entries);
    for (const key of this.places.keys()) if (key.startsWith(`${name}\n`)) this.places.delete(key);
  }

  names(): string[] {
    return [...this.scripts.keys()];
  }

  /** The entry for these messages, `past` when the script is over, undefined when they name no script. */
  entryFor(messages: ChatMessage[]): ScriptEntry | 'past' | 'unknown' | undefined {
    const asked = messages.findLastIndex(({ role }) => role === 'user');
    const name = TAG.exec(messages[asked]?.content ?? '')?.[1];
    if (!name) return undefined;
    const entries = this.scripts.get(name);
    if (!entries) return 'unknown';
    const turn = messages.slice(asked).filter(({ role }) => role === 'assistant').length;
    const key = `${name}\n${createHash('sha256')
      .update(JSON.stringify(messages.slice(0, asked + 1)))
      .digest('hex')}`;
    return this.at(entries, key, turn);
  }

  private at(entries: ScriptEntry[], key: string, turn: number): ScriptEntry | 'past' {
    const last = this.places.get(key);
    const position = last ? next(last, turn, entries.length) : turn;
    const entry = entries[position];
    if (this.places.size > MOST_PLACES) this.places.clear();
    this.places.set(key, { turn, position, fault: entry !== undefined && isFault(entry) });
    return entry ?? 'past';
  }
}

function next(last: Place, turn: number, length: number): number {
  if (turn > last.turn) return last.position + (turn - last.turn);
  if (turn < last.turn) return turn;
  return last.fault ? Math.min(last.position + 1, length - 1) : last.position;
}

import type { Tone } from '../../ui/tag.js';
import type { TraceEvent } from './story.js';

/** Whether an event proves to be what it says. */
export function standingOf({ standing, signature }: Pick<TraceEvent, 'standing' | 'signature'>): [Tone, string] {
  switch (standing) {
    case 'unreadable':
      return ['warn', 'unreadable'];
    case 'duplicate':
      return ['plain', 'a repeat'];
    case 'forged':
      return signature === 'invalid' ? ['bad', 'altered or forged'] : ['bad', 'proves nothing'];
    case 'control':
    case 'genuine':
      if (signature === 'valid') return ['good', 'signed'];
      return signature === 'not-required' ? ['plain', 'needs no signature'] : ['warn', 'unsigned'];
    default:
      return standing satisfies never;
  }
}

/** "countersign.action.approved.v1" → "action approved". */
export const typeName = (type: string | null): string =>
  type === null
    ? 'no type'
    : type
        .replace(/^countersign\./, '')
        .replace(/\.v\d+$/, '')
        .replaceAll('.', ' ')
        .replaceAll('-', ' ');

/** Whether something is in what is known of an event without what it holds. */
export function mentions(event: TraceEvent, sought: string): boolean {
  const text = sought.toLowerCase();
  const { type, id, code, says, actionId, tool, actor, place, outcome, source } = event;
  return [type, typeName(type), id, code, says, actionId, tool, actor, place, outcome, source].some((part) =>
    part?.toLowerCase().includes(text),
  );
}

/** Events of a topic that mention something, or hold it (`holding`: their places, as far as that is known). */
export function eventsShown(
  events: readonly TraceEvent[],
  { q, topic }: { q?: string | undefined; topic?: string | undefined },
  holding: ReadonlySet<string>,
): TraceEvent[] {
  return events.filter(
    (event) =>
      (topic === undefined || event.topic === topic) &&
      (q === undefined || mentions(event, q) || holding.has(event.place)),
  );
}

/** How many there are on each topic, in the order they first come up. */
export const topicsOf = (events: readonly TraceEvent[]): [topic: string, count: number][] =>
  [...Map.groupBy(events, ({ topic }) => topic)].map(([topic, some]) => [topic, some.length]);

/** "+1.24 s": how long after the trace began; what was said of switches may be long before. */
export function after(at: string, first: string): string {
  const ms = Date.parse(at) - Date.parse(first);
  return ms < 0 ? `${durationText(-ms)} before` : `+${durationText(ms)}`;
}

/** "420 ms", "1.24 s", "3 min 05 s", "2 h 10 min", "3 d 4 h". */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(2)} s`;
  const seconds = Math.round(ms / 1_000);
  const [d, h, m, s] = [
    Math.floor(seconds / 86_400),
    Math.floor((seconds % 86_400) / 3_600),
    Math.floor((seconds % 3_600) / 60),
    seconds % 60,
  ];
  if (d > 0) return `${d} d ${h} h`;
  if (h > 0) return `${h} h ${String(m).padStart(2, '0')} min`;
  return `${m} min ${String(s).padStart(2, '0')} s`;
}

import type { GetV1TracesData, GetV1TracesResponses } from '../../api/generated/types.gen.js';
import { fieldName, toolName, valueText } from '../../ui/record-name.js';
import type { Tone } from '../../ui/tag.js';
import { FIELDS, type Field, type Range, type TracesSearch } from './search.js';

export type Line = GetV1TracesResponses[200]['data'][number];
export type Query = NonNullable<GetV1TracesData['query']>;

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** From when to when a range is, in the reader's days. */
export function spanOf(range: Range, now: Date): { from: string; to?: string } {
  const midnight = (days: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days).toISOString();
  switch (range) {
    case 'hour':
      return { from: new Date(now.getTime() - HOUR).toISOString() };
    case 'today':
      return { from: midnight(0) };
    case 'yesterday':
      return { from: midnight(-1), to: midnight(0) };
    case 'week':
      return { from: new Date(now.getTime() - 7 * DAY).toISOString() };
    default:
      return range satisfies never;
  }
}

/** What the API is asked, of what the address says. */
export function queryOf(search: TracesSearch, now: Date): Query {
  const fields = Object.fromEntries(
    FIELDS.flatMap((field) => (search[field] === undefined ? [] : [[field, search[field]]])),
  ) as Query;
  const { from, to, range } = search;
  return {
    ...fields,
    ...(range ? spanOf(range, now) : { ...(from && { from }), ...(to && { to }) }),
    ...(search.unverified ? { tenant: 'unverified' } : {}),
  };
}

export const RANGE_NAMES: Record<Range, string> = {
  hour: 'Last hour',
  today: 'Today',
  yesterday: 'Yesterday',
  week: '7 days',
};
export const FIELD_NAMES: Record<Field, string> = {
  text: 'Words',
  record: 'Record',
  subject: 'Subject',
  tool: 'Tool',
  rule: 'Rule',
  code: 'Code',
  outcome: 'Outcome',
  actor: 'Asked by',
  traceId: 'OpenTelemetry trace',
};

/** How a value is shown beside its field. */
export const shownValue = (field: Field, value: string): string =>
  field === 'tool' ? toolName(value) : field === 'outcome' ? (ONCE[value] ?? outcomeWord(value)[1]) : value;

/** Of a search: that it was so at some time, and need not be so any more. */
const ONCE: Record<string, string> = { escalated: 'a person was asked', opened: 'opened for a person' };

const OUTCOMES: Record<string, [Tone, string]> = {
  read: ['plain', 'read'],
  previewed: ['plain', 'previewed'],
  drafted: ['good', 'draft kept'],
  committed: ['good', 'committed'],
  resolved: ['good', 'resolved'],
  denied: ['bad', 'denied'],
  rejected: ['bad', 'rejected by a person'],
  refused: ['bad', 'refused'],
  failed: ['bad', 'failed'],
  blocked: ['bad', 'blocked'],
  expired: ['warn', 'nobody decided in time'],
  escalated: ['warn', 'waits for a person'],
  'in-doubt': ['warn', 'in doubt'],
  returned: ['warn', 'returned unsent'],
  approved: ['info', 'approved by policy'],
  accepted: ['info', 'accepted'],
  granted: ['good', 'granted by a person'],
  edited: ['info', 'edited by a person'],
  opened: ['info', 'put to a person'],
  settled: ['info', 'settled'],
  unsettled: ['warn', 'unsettled'],
  answered: ['good', 'answered'],
};

/** An outcome in words; one that is not known is amber and says itself. */
export const outcomeWord = (outcome: string | null): [Tone, string] =>
  outcome === null ? ['info', 'under way'] : (OUTCOMES[outcome] ?? ['warn', outcome.replaceAll('-', ' ')]);

/** "18.00 EUR", of arguments that name both. */
export function amountOf(given: unknown): string | undefined {
  const { amount, currency } = (given ?? {}) as { amount?: unknown; currency?: unknown };
  return typeof amount === 'string' && typeof currency === 'string' ? `${amount} ${currency}` : undefined;
}

/** What somebody asked for, in a line: their own words, or the one call they asked for. */
export function headline({ text, asked, state }: Pick<Line, 'text' | 'asked' | 'state'>): string {
  if (text !== null) return text;
  if (!asked) return state === 'refused' ? 'A request that was never accepted' : 'A request';
  const name = toolName(asked.tool);
  const given = Object.entries((asked.arguments ?? {}) as Record<string, unknown>).map(
    ([field, value]) => `${fieldName(field)} ${valueText(value)}`,
  );
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}${given.length ? `: ${given.join(', ')}` : ''}`;
}

/** Cut at a word's end where there is one. */
export function short(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const cut = text.slice(0, longest);
  const end = cut.lastIndexOf(' ');
  return `${cut.slice(0, end > longest / 2 ? end : longest)}…`;
}

export interface Became {
  tone: Tone;
  says: string;
  tool?: string;
  code?: string;
}

/** What became of it: of each action, but of reads only if there is nothing else to say. */
export function became(line: Pick<Line, 'state' | 'code' | 'outcome' | 'actions'>): Became[] {
  if (line.state === 'refused') return [{ tone: 'bad', says: 'refused', ...(line.code && { code: line.code }) }];
  const telling = line.actions.filter(({ outcome }) => outcome !== 'read');
  const shown = (telling.length ? telling : line.actions.slice(-1)).map(({ tool, outcome, code }) => {
    const [tone, says] = outcomeWord(outcome);
    return { tone, says, ...(tool && { tool }), ...(code && { code }) };
  });
  if (shown.length) return shown;
  if (line.state === 'open') return [{ tone: 'info', says: 'under way' }];
  return [
    { tone: line.code ? 'bad' : 'good', says: line.code ? 'ended' : 'answered', ...(line.code && { code: line.code }) },
  ];
}

/** What the list has that is not shown yet: newer than all that is. */
export function freshAmong(shown: readonly Line[], newest: readonly Line[]): Line[] {
  const ids = new Set(shown.map(({ intentId }) => intentId));
  const top = shown[0]?.at ?? '';
  return newest.filter(({ intentId, at }) => !ids.has(intentId) && at >= top);
}

/** What is shown, each as it was last heard of, where it stands. */
export function asLastHeard(shown: readonly Line[], newest: readonly Line[]): Line[] {
  const heard = new Map(newest.map((line) => [line.intentId, line]));
  return shown.map((line) => heard.get(line.intentId) ?? line);
}

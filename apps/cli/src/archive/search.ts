import { lineOf, type StoredRecord, type TraceLine } from '@countersign/evidence';
import { inOrder, isBegin, isSound, placeOf, quoted } from './archive-source.js';
import { rowsOf, type ArchivedRow } from './files.js';

/** What a search of an archive may ask for: the same as `GET /v1/traces`. */
export interface ArchiveQuery {
  tenant?: string;
  actor?: string;
  tool?: string;
  rule?: string;
  code?: string;
  outcome?: string;
  subject?: string;
  record?: string;
  traceId?: string;
  text?: string;
  from?: string;
  to?: string;
}

type Condition = (row: StoredRecord) => boolean;

/** What has to be true of the record that began a trace. */
function beganAs({ tenant, actor, from, to }: ArchiveQuery): Condition {
  const [since, until] = [from, to].map((instant) => (instant === undefined ? undefined : Date.parse(instant)));
  return (row) =>
    isBegin(row) &&
    (tenant === undefined || row.tenant === tenant) &&
    (actor === undefined || row.actor === actor) &&
    (since === undefined || row.appendedAt.getTime() >= since) &&
    (until === undefined || row.appendedAt.getTime() < until);
}

/** What has to be true of some record of it each; `mark` stands in the JSON of every record of which it is true. */
function saidIn(query: ArchiveQuery): { mark: Buffer | undefined; holds: Condition }[] {
  const { tool, rule, code, outcome, subject, record, traceId, text } = query;
  const on = (value: string | undefined, holds: (row: StoredRecord, value: string) => boolean, mark = true) =>
    value === undefined
      ? []
      : [{ mark: mark ? quoted(value) : undefined, holds: (row: StoredRecord) => isSound(row) && holds(row, value) }];
  return [
    ...on(tool, (row, value) => row.tool === value),
    ...on(rule, (row, value) => row.rules.includes(value)),
    ...on(code, (row, value) => row.code === value || row.auditCode === value),
    ...on(outcome, (row, value) => row.outcome === value),
    ...on(subject, (row, value) => row.subject === value || row.about.includes(value)),
    ...on(record, (row, value) => row.about.includes(value)),
    ...on(traceId?.toLowerCase(), (row, value) => row.traceId === value),
    ...on(text?.toLowerCase(), (row, value) => row.value?.toLowerCase().includes(value) ?? false, false),
  ];
}

/** The newest traces of the files that a query finds. Two passes: which they are, then what became of them. */
export async function searchArchive(
  files: readonly string[],
  query: ArchiveQuery,
  limit: number,
): Promise<{ data: TraceLine[]; more: number }> {
  const all = await found(files, query);
  const page = all.slice(0, limit);
  const rows = await recordsOf(files, new Set(page.map(({ intent }) => intent)));
  const data = page.map(({ intent }) => {
    const records = rows.get(intent)!.sort(inOrder);
    return lineOf(records.find(isBegin)!, records.filter(isOutcome));
  });
  return { data, more: all.length - page.length };
}

const TYPES = ['accepted', 'refused'].map((way) => Buffer.from(`"type":"countersign.intent.${way}.v1"`));

interface Begun {
  intent: string;
  at: number;
}

/** Newest first. Of a trace no more is kept in memory than its id. */
async function found(files: readonly string[], query: ArchiveQuery): Promise<Begun[]> {
  const began = beganAs(query);
  const said = saidIn(query);
  const begins = new Map<string, Begun>();
  /** Of each intent, which of the conditions some record of it fulfils. */
  const fulfilled = new Map<string, number>();
  for await (const { text, record } of rowsOf(files)) {
    const marked = said.some(({ mark }) => mark === undefined || text.includes(mark));
    if (!marked && !TYPES.some((type) => text.includes(type))) continue;
    const row = record();
    if (row.intent === null) continue;
    const bits = said.reduce((sum, { holds }, bit) => (holds(row) ? sum | (1 << bit) : sum), 0);
    if (bits > 0) fulfilled.set(row.intent, (fulfilled.get(row.intent) ?? 0) | bits);
    if (began(row)) begins.set(row.intent, { intent: row.intent, at: row.appendedAt.getTime() });
  }
  const all = (1 << said.length) - 1;
  return [...begins.values()].filter(({ intent }) => (fulfilled.get(intent) ?? 0) === all).sort((a, b) => b.at - a.at);
}

const OUTCOMES = ['decisions', 'results', 'replies'];
const isOutcome = (row: StoredRecord) => OUTCOMES.includes(row.topic) && isSound(row) && row.poisonReason === null;

/** Of several intents, what began them and what became of them. */
async function recordsOf(files: readonly string[], intents: Set<string>): Promise<Map<string, StoredRecord[]>> {
  const rows = new Map<string, StoredRecord>();
  for await (const archived of rowsOf(files)) {
    if (!intents.has(intentOf(archived) ?? '')) continue;
    const row = archived.record();
    if (isBegin(row) || isOutcome(row)) rows.set(placeOf(row), row);
  }
  return Map.groupBy(rows.values(), ({ intent }) => intent!);
}

const INTENT = Buffer.from(',"intent":"');

/** Without reading the whole record. An id that JSON escapes is none of ours. */
function intentOf({ text }: ArchivedRow): string | undefined {
  const at = text.indexOf(INTENT);
  return at < 0 ? undefined : text.toString('utf8', at + INTENT.length, text.indexOf('"', at + INTENT.length));
}

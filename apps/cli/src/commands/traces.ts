import type { Command } from 'commander';
import { segment } from '../api.js';
import { connect, optionsOf, show } from '../context.js';
import { cell, fields, table, withMore } from '../output.js';
import { pageOptions, type Page, type PageOptions } from './paging.js';

interface TraceLine {
  intentId: string;
  at: string;
  actor: string | null;
  state: string;
  outcome: string | null;
  code: string | null;
  text: string | null;
  actions: { tool: string | null; outcome: string | null }[];
}

interface RecordView {
  at: string;
  topic: string;
  partition: number;
  offset: string;
  type: string | null;
  signature: string;
  says?: string;
  because?: string;
}

interface Trace extends TraceLine {
  records: RecordView[];
  forged: RecordView[];
  duplicates: RecordView[];
  unreadable: { at: string; topic: string; partition: number; offset: string; reason: string; detail: string | null }[];
}

interface Explanation {
  actionId: string;
  intentId: string;
  did: string;
  read: string;
  why: string;
  approvedBy: string;
  outcome: string;
  evidence: { at: string; type: string; topic: string; partition: number; offset: string; says: string }[];
  missing: { oneOf: string[]; says: string; namedBy: string }[];
}

const FILTERS = [
  'tenant',
  'actor',
  'tool',
  'rule',
  'code',
  'outcome',
  'subject',
  'record',
  'from',
  'to',
  'text',
] as const;

export function registerTraces(program: Command): void {
  const traces = program.command('traces').description('what happened');
  const list = pageOptions(traces.command('list').description('search traces; everything given must hold'));
  for (const filter of FILTERS) list.option(`--${filter} <value>`);
  list.action(async (_: unknown, command: Command) => {
    const given = optionsOf<PageOptions & Partial<Record<(typeof FILTERS)[number], string>>>(command);
    const query = Object.fromEntries(
      [...FILTERS, 'limit' as const, 'cursor' as const].map((name) => [name, given[name]]),
    );
    show(command, await (await connect(command)).call<Page<TraceLine>>('/v1/traces', { query }), listText);
  });
  traces
    .command('show')
    .argument('<intentId>')
    .description('one trace, whole')
    .action(async (id: string, _: unknown, command: Command) =>
      show(command, await (await connect(command)).call<Trace>(`/v1/traces/${segment(id)}`), traceText),
    );
  program
    .command('explain')
    .argument('<actionId>')
    .description('what an action did, what it read, why, and who approved it, from stored events alone')
    .action(async (id: string, _: unknown, command: Command) =>
      show(
        command,
        await (await connect(command)).call<Explanation>(`/v1/actions/${segment(id)}/explanation`),
        explanationText,
      ),
    );
}

function listText({ data, nextCursor }: Page<TraceLine>): string {
  const rows = data.map(({ at, intentId, actor, state, outcome, code, text, actions }) => [
    at,
    intentId,
    actor,
    state,
    outcome,
    code,
    actions.map((action) => `${action.tool} ${action.outcome}`).join(', '),
    text?.slice(0, 60),
  ]);
  const head = ['at', 'intent', 'actor', 'state', 'outcome', 'code', 'actions', 'text'];
  return withMore(table(head, rows, 'No trace.'), nextCursor);
}

const short = (type: string | null) => type?.replace(/^countersign\./, '').replace(/\.v\d+$/, '') ?? '?';
const place = ({ topic, partition, offset }: { topic: string; partition: number; offset: string }) =>
  `${topic}/${partition}@${offset}`;

function traceText(trace: Trace): string {
  const head = fields({
    intent: trace.intentId,
    actor: trace.actor,
    state: trace.state,
    outcome: trace.outcome,
    code: trace.code ?? undefined,
    text: trace.text,
  });
  const lines = (records: RecordView[]) =>
    records.map((record) => [
      record.at,
      place(record),
      short(record.type),
      record.signature,
      record.because ?? record.says,
    ]);
  const part = (title: string, rows: unknown[][]) =>
    rows.length ? [`${title}\n${table(['at', 'where', 'event', 'signature', 'says'], rows)}`] : [];
  const unreadable = trace.unreadable.map((record) => [record.at, place(record), record.reason, '-', record.detail]);
  return [
    head,
    table(['at', 'where', 'event', 'signature', 'says'], lines(trace.records)),
    ...part('Forged', lines(trace.forged)),
    ...part('Repeated', lines(trace.duplicates)),
    ...part('Unreadable', unreadable),
  ].join('\n\n');
}

function explanationText({
  actionId,
  intentId,
  did,
  read,
  why,
  approvedBy,
  outcome,
  evidence,
  missing,
}: Explanation): string {
  const head = fields({ action: actionId, intent: intentId, did, read, why, 'approved by': approvedBy, outcome });
  const proofs = table(
    ['at', 'where', 'event', 'says'],
    evidence.map((each) => [each.at, place(each), short(each.type), each.says]),
    '',
  );
  const gaps = missing.map(({ oneOf, says }) => `Missing: ${cell(says)} (${oneOf.map(short).join(' or ')})`);
  return [head, proofs, gaps.join('\n')].filter(Boolean).join('\n\n');
}

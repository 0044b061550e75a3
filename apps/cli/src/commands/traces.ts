import type { Command } from 'commander';
import { explanationOf, traceOf, type Explanation, type TraceLine, type TraceView } from '@countersign/evidence';
import { segment } from '../api.js';
import { ArchiveSource } from '../archive/archive-source.js';
import { archiveFiles } from '../archive/files.js';
import { searchArchive } from '../archive/search.js';
import { connect, optionsOf, show } from '../context.js';
import { CliError, EXIT } from '../errors.js';
import { cell, fields, note, table, withMore } from '../output.js';
import { pageOptions, type Page, type PageOptions } from './paging.js';
import { registerReveal } from './subjects.js';
import { place, short, traceText } from './trace-text.js';

const FILTERS = {
  tenant: 'whose',
  actor: 'of this person',
  tool: 'in which this tool was called',
  rule: 'in which this rule decided',
  code: 'with this code',
  outcome: 'of an action that ended so',
  subject: 'of this record, action or intent',
  record: 'that read or changed this record',
  traceId: 'of this OpenTelemetry trace',
  from: 'since this instant',
  to: 'before this instant',
  text: 'with these words',
};

interface FromArchive {
  archive?: string;
}
type Filters = Partial<Record<keyof typeof FILTERS, string>>;

export function registerTraces(program: Command): void {
  const traces = program.command('traces').description('what happened');
  const list = pageOptions(traces.command('list').description('search traces; everything given must hold'));
  for (const [filter, words] of Object.entries(FILTERS)) list.option(`--${filter} <value>`, words);
  list.option(...FROM_ARCHIVE).action(async (_: unknown, command: Command) => {
    const given = optionsOf<PageOptions & Filters & FromArchive>(command);
    const page = given.archive === undefined ? await listed(command, given) : await found(given.archive, given);
    show(command, page, listText);
  });
  traces
    .command('show')
    .argument('<intentId>')
    .description('one trace, whole')
    .option(...FROM_ARCHIVE)
    .action(async (id: string, _: unknown, command: Command) => show(command, await trace(id, command), traceText));
  registerReveal(traces);
  program
    .command('explain')
    .argument('<actionId>')
    .description('what an action did, what it read, why, and who approved it, from stored events alone')
    .option(...FROM_ARCHIVE)
    .action(async (id: string, _: unknown, command: Command) =>
      show(command, await explanation(id, command), explanationText),
    );
}

const FROM_ARCHIVE = [
  '--archive <path>',
  'of files that `audit archive` wrote, or a folder of them: no system is asked',
] as const;

async function listed(command: Command, given: PageOptions & Filters): Promise<Page<TraceLine>> {
  const query = Object.fromEntries(
    [...(Object.keys(FILTERS) as (keyof Filters)[]), 'limit' as const, 'cursor' as const].map((name) => [
      name,
      given[name],
    ]),
  );
  return (await connect(command)).call<Page<TraceLine>>('/v1/traces', { query });
}

const ARCHIVE_PAGE = 50;

async function found(archive: string, { limit, cursor, ...query }: PageOptions & Filters): Promise<Page<TraceLine>> {
  if (cursor !== undefined)
    throw new CliError(
      'An archive has no pages.',
      EXIT.usage,
      'Give --limit, and --from or --to, instead of --cursor.',
    );
  for (const instant of [query.from, query.to])
    if (instant !== undefined && Number.isNaN(Date.parse(instant)))
      throw new CliError(`${instant} is no instant.`, EXIT.usage, 'Write it as 2026-08-01T00:00:00Z.');
  const { data, more } = await searchArchive(archiveFiles(archive), query, limit ?? ARCHIVE_PAGE);
  if (more > 0) note(`${more} older ones are not shown: give --limit, or --to.`);
  return { data, nextCursor: null };
}

async function trace(id: string, command: Command): Promise<TraceView> {
  const { archive } = optionsOf<FromArchive>(command);
  if (archive === undefined) return (await connect(command)).call<TraceView>(`/v1/traces/${segment(id)}`);
  return (await traceOf(new ArchiveSource(archiveFiles(archive)), id)) ?? notThere(archive, `a trace of ${id}`);
}

async function explanation(id: string, command: Command): Promise<Explanation> {
  const { archive } = optionsOf<FromArchive>(command);
  if (archive === undefined)
    return (await connect(command)).call<Explanation>(`/v1/actions/${segment(id)}/explanation`);
  return (
    (await explanationOf(new ArchiveSource(archiveFiles(archive)), id)) ?? notThere(archive, `an event of action ${id}`)
  );
}

function notThere(archive: string, what: string): never {
  throw new CliError(
    `NOT_FOUND: ${archive} does not hold ${what}.`,
    EXIT.unexpected,
    'Name the folder of all days: a trace may begin on one day and end on the next.',
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

function explanationText({
  actionId,
  intentId,
  did,
  read,
  why,
  approvedBy,
  outcome,
  evidence,
  asides,
  missing,
}: Explanation): string {
  const head = fields({ action: actionId, intent: intentId, did, read, why, 'approved by': approvedBy, outcome });
  const rows = (all: Explanation['evidence']) =>
    table(
      ['at', 'where', 'event', 'says'],
      all.map((each) => [each.at, place(each), short(each.type), each.says]),
      '',
    );
  const shown = asides.length ? `Beside that\n${rows(asides)}` : '';
  const gaps = missing.map(({ oneOf, says }) => `Missing: ${cell(says)} (${oneOf.map(short).join(' or ')})`);
  return [head, rows(evidence), shown, gaps.join('\n')].filter(Boolean).join('\n\n');
}

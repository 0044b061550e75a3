import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Option, type Command } from 'commander';
import { parse } from 'yaml';
import { INCIDENT_STATES, type Incident, type IncidentCase } from '@countersign/contracts';
import { captureFileOf } from '@countersign/evals/capture';
import { segment, type Api } from '../api.js';
import { connect, optionsOf, show } from '../context.js';
import { CliError, EXIT } from '../errors.js';
import { fields, note, table, withMore } from '../output.js';
import { loadPackage, packagesOf } from '../policy/packages.js';
import { pageOptions, type Page, type PageOptions } from './paging.js';

export function registerIncidents(program: Command): void {
  const incidents = program.command('incidents').description('what went wrong, until a release passes the case of it');
  incidents
    .command('open')
    .argument('<intentId>')
    .description('say that something went wrong: its clock starts')
    .option('--action <actionId>', 'which of its actions')
    .option('--note <text>', 'what; known shapes of personal data in it are masked')
    .action(open);
  incidents
    .command('capture')
    .argument('<incidentId>')
    .description("write its case into the workflow's package and take it down: its clock stops")
    .option('--expect <yaml>', 'what should have been, as cases say it, such as "{ effects: [] }"')
    .option('--into <folder>', "the workflow's package, if it is none of COUNTERSIGN_WORKFLOWS")
    .action(capture);
  pageOptions(incidents.command('list').description('incidents with their clock, the newest first'))
    .addOption(new Option('--state <state>', 'only those that stand so').choices([...INCIDENT_STATES]))
    .option('--overdue', 'only those that should have been captured by now')
    .action(list);
}

async function open(intentId: string, _: unknown, command: Command): Promise<void> {
  const { action, note: said } = optionsOf<{ action?: string; note?: string }>(command);
  const body = { intentId, ...(action ? { actionId: action } : {}), ...(said ? { note: said } : {}) };
  const incident = await (await connect(command)).call<Incident>('/v1/incidents', { method: 'POST', body });
  show(command, incident, incidentText);
}

async function list(_: unknown, command: Command): Promise<void> {
  const { state, overdue, limit, cursor } = optionsOf<PageOptions & { state?: string; overdue?: boolean }>(command);
  const query = { state, overdue: overdue ? 'true' : undefined, limit, cursor };
  show(command, await (await connect(command)).call<Page<Incident>>('/v1/incidents', { query }), listText);
}

export function listText({ data, nextCursor }: Page<Incident>): string {
  const rows = data.map(({ id, cause, workflow, intentId, openedAt, ...one }) => [
    ...[id, cause, one.overdue ? 'OVERDUE' : one.state, workflow, intentId, openedAt],
    one.state === 'open' ? `due ${one.dueAt}` : `${one.hours?.toFixed(1)} h`,
    one.note ?? '',
  ]);
  const head = ['id', 'cause', 'state', 'workflow', 'intent', 'opened', 'captured', 'note'];
  return withMore(table(head, rows, 'There is none.'), nextCursor);
}

const incidentText = ({ id, cause, state, intentId, actionId, openedAt, dueAt, ...one }: Incident): string =>
  fields({
    ...{ incident: id, cause, state, intent: intentId, action: actionId ?? undefined, opened: openedAt },
    ...(one.case
      ? { case: `${one.case.file}#${one.case.title}`, captured: one.capturedAt }
      : { 'capture until': dueAt }),
  });

interface Written extends Incident {
  path: string;
}

async function capture(id: string, _: unknown, command: Command): Promise<void> {
  const { expect, into } = optionsOf<{ expect?: string; into?: string }>(command);
  if (!/^[\w-]{1,100}$/.test(id))
    throw new CliError(`${id} is no id of an incident`, EXIT.usage, '`countersign incidents list`.');
  const api = await connect(command);
  const url = `/v1/incidents/${segment(id)}/capture`;
  const body = expect === undefined ? {} : { expect: expectationIn(expect) };
  const made = await api.call<IncidentCase>(url, { method: 'POST', body });
  const file = path.join(into === undefined ? await packageOf(made.workflow) : path.resolve(into), captureFileOf(id));
  const text = existsSync(file) ? kept(file, expect) : written(file, made);
  const incident = await registered(api, url, text);
  show(command, { ...incident, path: file } satisfies Written, writtenText);
}

/** Registered as it stands: somebody has made it better since. */
function kept(file: string, expect: string | undefined): string {
  if (expect !== undefined)
    throw new CliError(
      `${file} is there already`,
      EXIT.usage,
      'Change what it expects in the file, and leave --expect out.',
    );
  note(`${file} is there already: it is taken down as it stands.`);
  return readFileSync(file, 'utf8');
}

function written(file: string, { text, missing }: IncidentCase): string {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  for (const sentence of missing) note(`Not told by the trace: ${sentence}.`);
  return text;
}

const registered = (api: Api, url: string, text: string) => api.call<Incident>(url, { method: 'POST', body: { text } });

const writtenText = ({ path: file, ...incident }: Written): string =>
  `${incidentText(incident)}\n${fields({ file, next: `countersign evals run --case ${incident.id}` })}`;

function expectationIn(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 }) as unknown;
  } catch (error) {
    const [why] = (error as Error).message.split('\n');
    throw new CliError(`--expect is no YAML: ${why}`, EXIT.usage);
  }
}

/** Where the package of a workflow lies, among those that the services load. */
async function packageOf(workflow: string): Promise<string> {
  for (const from of packagesOf([])) {
    const { workflow: loaded, root } = await loadPackage(from);
    if (loaded.name === workflow) return root;
  }
  const nextStep = 'Name its folder with --into, or its package in COUNTERSIGN_WORKFLOWS.';
  throw new CliError(`no package here is the workflow ${workflow}`, EXIT.usage, nextStep);
}

import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Option, type Command } from 'commander';
import type { Incident, JsonObject, ReleaseValue } from '@countersign/contracts';
import { parseRunReport, runOfWorkflow, type RunReport, type WorkflowReport } from '@countersign/evals';
import { signRelease, type ReleaseReport } from '@countersign/evals/release';
import type { ControlVerdict } from '@countersign/messaging';
import type { Api } from '../api.js';
import { topicPrefix } from '../connection.js';
import { connect, optionsOf, show } from '../context.js';
import { CliError, EXIT } from '../errors.js';
import { kafkaAs } from '../kafka.js';
import { fields, note, table } from '../output.js';
import type { Page } from './paging.js';

interface Standing {
  name: string;
  fingerprint: string;
  release: { current: string; previous: string | null; at: string; report: ReleaseReport; serves: boolean } | null;
}
interface Run {
  workflow: string;
  fingerprint: string;
  /** null where the run released nothing. */
  epoch: number | null;
  at: string;
  report: ReleaseReport;
  standing: string | null;
}
type Released = { workflow: string; fingerprint: string; verdict: Extract<ControlVerdict, { tag: 'in-force' }> };

export function registerRelease(program: Command): void {
  const release = program.command('release').description('which fingerprints of a workflow may act');
  const key = new Option('--key <file>', 'the release key, PEM').env('COUNTERSIGN_RELEASE_KEY_FILE');
  release
    .command('publish')
    .argument('<report>', 'of `evals run --report FILE --key KEY`')
    .description('let act what passed all of its cases; refused while an incident is overdue')
    .option('--workflow <name>', 'this one of the report alone')
    .action(publish);
  release
    .command('rollback')
    .argument('<workflow>')
    .description('let the release before act again; what is withdrawn acts no more')
    .option('--to <fingerprint>', 'another one that was released; so many characters as tell it apart')
    .requiredOption('--reason <text>', 'why, for whoever reads the trace')
    .addOption(key)
    .action(rollback);
  release
    .command('show')
    .argument('[workflow]')
    .description('what is released, what runs, and what was released before')
    .action(showReleases);
}

async function publish(file: string, _: unknown, command: Command): Promise<void> {
  const { workflow } = optionsOf<{ workflow?: string }>(command);
  const run = parsed(file);
  const chosen = run.workflows.filter((each) => workflow === undefined || each.workflow === workflow);
  if (chosen.length === 0) throw new CliError(`${file} holds no run of ${workflow ?? 'a workflow'}`, EXIT.usage);
  const api = await connect(command);
  await requireNoneOverdue(api, chosen);
  if (!run.partial) await tell(api, run, chosen);
  const values = chosen.map((each) => [each, releaseOf(each, run)] as const);
  const released: Released[] = [];
  for (const [{ workflow: name, fingerprint }, value] of values) {
    released.push({ workflow: name, fingerprint, verdict: inForce(name, await write(name, value)) });
    await close(api, name, fingerprint, run);
    await warnUnserved(api, name, fingerprint);
  }
  show(command, { released }, ({ released: all }) => all.map(releasedText).join('\n\n'));
}

function parsed(file: string): RunReport {
  try {
    return parseRunReport(readFileSync(file, 'utf8'), file);
  } catch (error) {
    throw new CliError(
      (error as Error).message,
      EXIT.usage,
      'Make one with `countersign evals run --report FILE --key KEY`.',
    );
  }
}

/** What did not pass is written nowhere. */
function releaseOf({ workflow, verdict, counts, release }: WorkflowReport, { partial }: RunReport): ReleaseValue {
  if (verdict !== 'pass') {
    const { failed, errors, passed } = counts;
    const because = `${failed} of its cases failed, ${errors} could not be judged, ${passed} passed`;
    throw new CliError(
      `NOT_RELEASED: ${workflow}: ${because}.`,
      EXIT.gateFailed,
      'Mend what fails, or its case, and run again.',
    );
  }
  if (partial)
    throw new CliError(
      `${workflow}: only some of its cases ran.`,
      EXIT.gateFailed,
      'Run all of them: without --case, --tag and --no-boundary.',
    );
  if (!release)
    throw new CliError(
      `${workflow}: the report is not signed.`,
      EXIT.usage,
      'Run with --key or COUNTERSIGN_RELEASE_KEY_FILE.',
    );
  return release;
}

/** Case by case, for the console: also what keeps a run from releasing anything. */
async function tell(api: Api, run: RunReport, chosen: readonly WorkflowReport[]): Promise<void> {
  for (const { workflow } of chosen)
    await api.call('/v1/evals/runs', { method: 'POST', body: runOfWorkflow(run, workflow) });
}

async function requireNoneOverdue(api: Api, chosen: readonly WorkflowReport[]): Promise<void> {
  const names = chosen.map(({ workflow }) => workflow);
  const overdue = (await allOverdue(api)).filter(({ workflow }) => workflow === null || names.includes(workflow));
  if (overdue.length === 0) return;
  const listed = overdue.map(({ id, openedAt }) => `${id} (opened ${openedAt})`).join(', ');
  throw new CliError(
    `NOT_RELEASED: no case was made of ${overdue.length === 1 ? 'an incident' : `${overdue.length} incidents`} within 24 hours: ${listed}.`,
    EXIT.gateFailed,
    '`countersign incidents capture ID` makes it; run the evals with it, then publish.',
  );
}

async function allOverdue(api: Api): Promise<Incident[]> {
  const all: Incident[] = [];
  let cursor: string | undefined;
  do {
    const query = { overdue: 'true', limit: 200, cursor };
    const page = await api.call<Page<Incident>>('/v1/incidents', { query });
    all.push(...page.data);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return all;
}

async function write(workflow: string, value: ReleaseValue): Promise<ControlVerdict> {
  const { silentLog, writeControl } = await import('@countersign/messaging');
  const kafka = await kafkaAs('release');
  const writing = { kafka, prefix: topicPrefix(), log: silentLog, source: '/cli/release' };
  return writeControl(writing, `release/workflow/${workflow}`, value as unknown as JsonObject);
}

function inForce(workflow: string, verdict: ControlVerdict): Released['verdict'] {
  switch (verdict.tag) {
    case 'in-force':
      return verdict;
    case 'refused':
      throw new CliError(`${verdict.code}: ${workflow}: ${verdict.detail}`, EXIT.gateFailed, verdict.nextStep);
    case 'not-in-time':
      throw new CliError(
        `${workflow}: it is written, and there is no word of ${verdict.waitsFor.join(' and ')} yet.`,
        EXIT.notInForce,
        '`countersign release show` says when it is in force.',
      );
    default:
      return verdict satisfies never;
  }
}

/** Incidents whose cases passed are closed. */
async function close(api: Api, workflow: string, fingerprint: string, { results }: RunReport): Promise<void> {
  const passed = results.filter(
    (each) => each.workflow === workflow && each.verdict === 'pass' && each.id.startsWith('evals/incidents/'),
  );
  const body = { workflow, fingerprint, passed: passed.slice(0, 1_000).map(({ id }) => id) };
  const { closed } = await api.call<{ closed: Incident[] }>('/v1/incidents/closures', { method: 'POST', body });
  for (const { id } of closed) note(`Incident ${id} is closed: its case passed.`);
}

const standings = async (api: Api) => (await api.call<Page<Standing>>('/v1/workflows')).data;

async function warnUnserved(api: Api, workflow: string, fingerprint: string): Promise<void> {
  const standing = (await standings(api)).find(({ name }) => name === workflow);
  if (standing && standing.fingerprint !== fingerprint)
    note(`${workflow} runs as ${standing.fingerprint.slice(0, 12)}: roll the services out to what was released now.`);
}

async function rollback(workflow: string, _: unknown, command: Command): Promise<void> {
  const { to, reason, key } = optionsOf<{ to?: string; reason: string; key?: string }>(command);
  if (!key)
    throw new CliError(
      'A rollback is signed.',
      EXIT.usage,
      'Give the release key with --key or COUNTERSIGN_RELEASE_KEY_FILE.',
    );
  const api = await connect(command);
  const fingerprint = await target(api, workflow, to);
  const { Signer } = await import('@countersign/signing');
  const report: ReleaseReport = { kind: 'rollback', at: new Date().toISOString(), reason };
  const value = signRelease(workflow, fingerprint, report, new Signer(createPrivateKey(readFileSync(key))));
  const released: Released = { workflow, fingerprint, verdict: inForce(workflow, await write(workflow, value)) };
  await warnUnserved(api, workflow, fingerprint);
  show(command, { released: [released] }, () => releasedText(released));
}

/** The one before, or the one that was named. */
async function target(api: Api, workflow: string, to: string | undefined): Promise<string> {
  const standing = (await standings(api)).find(({ name }) => name === workflow)?.release;
  if (!standing) throw new CliError(`${workflow} was never released.`, EXIT.usage, '`countersign release show`.');
  const { data } = await api.call<Page<Run>>('/v1/evals/runs', { query: { workflow, limit: 200 } });
  const released = data.filter(({ epoch }) => epoch !== null);
  const known = [...new Set(released.map(({ fingerprint }) => fingerprint))].filter((one) => one !== standing.current);
  const found = to === undefined ? known.slice(0, 1) : known.filter((one) => one.startsWith(to));
  if (found.length === 1) return found[0]!;
  const because = to === undefined ? 'nothing was released before' : `${found.length} of its releases begin with ${to}`;
  throw new CliError(`${workflow}: ${because}.`, EXIT.usage, '`countersign release show` lists them.');
}

const releasedText = ({ workflow, fingerprint, verdict }: Released): string =>
  fields({ workflow, fingerprint, 'in force after': `${verdict.tookMs} ms`, epoch: verdict.epoch });

async function showReleases(workflow: string | undefined, _: unknown, command: Command): Promise<void> {
  const api = await connect(command);
  const [all, { data: runs }] = await Promise.all([
    standings(api),
    api.call<Page<Run>>('/v1/evals/runs', { query: { workflow, limit: 200 } }),
  ]);
  const workflows = all.filter(({ name }) => workflow === undefined || name === workflow);
  const shown = {
    workflows: workflows.map(({ name, fingerprint, release }) => ({ name, fingerprint, release })),
    runs,
  };
  show(command, shown, () => `${standingText(workflows)}\n\n${runsText(runs)}`);
}

const standingText = (workflows: readonly Standing[]): string =>
  table(
    ['workflow', 'runs as', 'released', 'before it', 'may act'],
    workflows.map(({ name, fingerprint, release }) => [
      ...[name, fingerprint.slice(0, 12), release?.current.slice(0, 12) ?? '-', release?.previous?.slice(0, 12) ?? '-'],
      release?.serves ? 'yes' : 'no: it only reads',
    ]),
    'No workflow is loaded.',
  );

const runsText = (runs: readonly Run[]): string =>
  table(
    ['workflow', 'fingerprint', 'released', 'cases', 'standing'],
    runs.map(({ workflow, fingerprint, at, report, standing, epoch }) => [
      ...[workflow, fingerprint.slice(0, 12), at],
      caseText(report),
      epoch === null ? 'released nothing' : (standing ?? '-'),
    ]),
    'Nothing was ever released.',
  );

function caseText(report: ReleaseReport): string {
  if (report.kind === 'rollback') return `rollback: ${report.reason}`;
  const { passed, failed, errors } = report.cases;
  const told = [`${passed} passed`, failed > 0 && `${failed} failed`, errors > 0 && `${errors} not judged`];
  return `${told.filter(Boolean).join(', ')} (${report.model})`;
}

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { parseCaseFile, runCases, type CaseResult, type FoundCases } from '@countersign/rule-cases';
import { segment, type Api } from '../api.js';
import { connect, optionsOf, show } from '../context.js';
import { CliError, EXIT } from '../errors.js';
import { note, plain, print, printJson } from '../output.js';
import { decisionsIn } from '../policy/decisions.js';
import { actionText, caseText, type ExplainedAction } from '../policy/explain.js';
import { incomplete, loadPackage, packagesOf, type LoadedPackage } from '../policy/packages.js';
import { replay, type Replay } from '../policy/replay-decision.js';
import { replayText, reportOf } from '../policy/replay-report.js';
import { decisionsSince, recordsOf } from '../policy/stored-decisions.js';
import { caseLines, requireTried, testPackage, verdictOf, type Tested } from '../policy/test-rules.js';

interface ExplainOptions {
  case?: string;
  title?: string;
  package?: string;
}
interface ReplayOptions {
  since: Date;
  against: string;
  workflow?: string;
  failOnChange?: boolean;
}

const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

function since(text: string): Date {
  const [, count, unit] = /^(\d{1,5})([mhdw])$/.exec(text) ?? [];
  const at = count ? new Date(Date.now() - Number(count) * UNITS[unit as keyof typeof UNITS]) : new Date(text);
  if (Number.isNaN(at.getTime())) throw new InvalidArgumentError('how long ago, such as 7d, or an instant');
  return at;
}

export function registerPolicy(program: Command): void {
  const policy = program.command('policy').description('rules: their cases, what they decided, what others would');
  policy
    .command('test')
    .argument('[packages...]', 'packages or their folders; those of COUNTERSIGN_WORKFLOWS if none is named')
    .description('runs the cases beside the rules')
    .option('--rule <name>', 'the cases of one rule')
    .action(test);
  policy
    .command('explain')
    .argument('[actionId]')
    .description('how an action was decided, rule by rule, or what a case comes to')
    .option('--case <file>', 'a case file, without a system')
    .option('--title <title>', 'one case of the file')
    .option('--package <package>', 'the package to decide by; those of COUNTERSIGN_WORKFLOWS if absent')
    .action(explain);
  policy
    .command('replay')
    .description('makes stored decisions once more under a changed package, and lists which would differ')
    .requiredOption('--since <time>', 'of intents accepted since then: 7d, 12h, or an instant', since)
    .requiredOption('--against <package>', 'the changed package or its folder, built')
    .option('--workflow <name>', 'the decisions of another workflow than the package says it is')
    .option('--fail-on-change', 'exit 3 if any would differ')
    .action(replayAll);
}

async function test(packages: string[], _: unknown, command: Command): Promise<void> {
  const { rule, json } = optionsOf<{ rule?: string }>(command);
  const tested: Tested[] = [];
  for (const from of packagesOf(packages)) {
    const one = await testPackage(from, rule);
    if (!json)
      print(
        [plain(`${one.workflow} (${from})`), ...one.cases.flatMap(caseLines).map((line) => plain(line))].join('\n'),
      );
    tested.push(one);
  }
  const verdict = verdictOf(tested);
  if (json) printJson({ packages: tested, verdict });
  else print(verdict);
  requireTried(tested);
}

async function explain(actionId: string | undefined, _: unknown, command: Command): Promise<void> {
  const options = optionsOf<ExplainOptions>(command);
  if ((actionId === undefined) === (options.case === undefined))
    throw new CliError('Name an action, or a file with --case.', EXIT.usage);
  if (options.case !== undefined) return explainCases(options.case, options, command);
  const explained = await explainAction(await connect(command), actionId!, options.package);
  show(command, explained, actionText);
}

async function explainCases(file: string, { title, package: from }: ExplainOptions, command: Command): Promise<void> {
  const found = caseFileAt(file);
  const { workflow } = await packageOfRule(found.rule, from);
  const results = runCases(workflow, [found]).filter((one) => title === undefined || one.title === title);
  if (results.length === 0)
    throw new CliError(
      `${file} has no case of this title.`,
      EXIT.incomplete,
      'Give the title as it stands in the file.',
    );
  show<CaseResult[]>(command, results, (all) => all.map(caseText).join('\n\n\n'));
}

function caseFileAt(file: string): FoundCases {
  try {
    return { file, ...parseCaseFile(readFileSync(file, 'utf8'), path.basename(file)) };
  } catch (error) {
    throw incomplete(
      'the case cannot be read',
      error,
      'Name a file of cases, such as src/rules/small-refund.cases.yaml.',
    );
  }
}

async function packageOfRule(rule: string, from: string | undefined): Promise<LoadedPackage> {
  const all: LoadedPackage[] = [];
  for (const name of packagesOf(from ? [from] : [])) all.push(await loadPackage(name));
  const found = all.find(({ workflow }) => workflow.rules.some(({ name }) => name === rule)) ?? all[0];
  if (!found) throw new CliError('No package is named.', EXIT.usage, 'Name one with --package.');
  return found;
}

async function explainAction(api: Api, actionId: string, from: string | undefined): Promise<ExplainedAction> {
  const { intentId } = await api.call<{ intentId: string }>(`/v1/actions/${segment(actionId)}/explanation`);
  const all = decisionsIn(await recordsOf(api, intentId)).filter(({ data }) => data.actionId === actionId);
  const workflow = all[0]?.data.workflow;
  return { actionId, intentId, decisions: all, ...(workflow ? await comparedWith(workflow, all, from) : {}) };
}

/** What the loaded package would say; a package that does not load is no reason not to explain. */
async function comparedWith(
  name: string,
  decisions: ExplainedAction['decisions'],
  from: string | undefined,
): Promise<Pick<ExplainedAction, 'now'>> {
  for (const each of packagesOf(from ? [from] : [])) {
    try {
      const { workflow, policyVersion } = await loadPackage(each);
      const replays: Replay[] = workflow.name === name ? replay(workflow, decisions) : [];
      const last = replays.at(-1);
      if (last) return { now: { package: each, policyVersion, replay: last } };
    } catch (error) {
      note(error instanceof Error ? error.message : String(error));
    }
  }
  return {};
}

async function replayAll(_: unknown, command: Command): Promise<void> {
  const { since: from, against, workflow: named, failOnChange } = optionsOf<ReplayOptions>(command);
  const { workflow, policyVersion } = await loadPackage(against);
  const name = named ?? workflow.name;
  const replays: Replay[] = [];
  let traces = 0;
  for await (const page of decisionsSince(await connect(command), { from: from.toISOString(), workflow: name })) {
    traces += page.traces;
    replays.push(...page.decisions.flatMap((decisions) => replay(workflow, decisions, name)));
    note(`${traces} traces read, ${replays.length} actions decided once more`);
  }
  const about = { workflow: name, since: from.toISOString(), against, policyVersion, traces };
  const report = reportOf(about, replays);
  show(command, report, replayText);
  if (failOnChange && report.differs.length > 0)
    throw new CliError(
      `${report.differs.length} past decisions would differ.`,
      EXIT.gateFailed,
      'Look at each before the package is released.',
    );
}

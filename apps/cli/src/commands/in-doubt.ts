import { InvalidArgumentError, Option, type Command } from 'commander';
import { segment, type Api } from '../api.js';
import { connect, optionsOf, show } from '../context.js';
import { CliError, EXIT } from '../errors.js';
import { cell, fields, table, withMore } from '../output.js';
import type { ActionState } from './intents.js';
import { pageOptions, type Page, type PageOptions } from './paging.js';

interface Doubt {
  actionId: string;
  tool: string;
  target: string;
  arguments: object | null;
  amount: { amount: string; currency: string } | null;
  attempts: number;
  since: string;
  known: string;
  lookup: { asking: boolean; lastAskedAt: string | null; said: string | null };
  howToFindOut: string;
}

type Outcome = 'committed' | 'failed';
interface Verdict {
  id: string;
  by: string;
  outcome: Outcome;
  reason: string;
}
interface Taken {
  actionId: string;
  tool: string;
  state: string;
  verdict: Verdict;
  nextStep: string;
}
interface DoubtState extends ActionState {
  verdict?: { refused?: { verdictId: string; code: string; detail: string; nextStep: string } };
  resolved?: { outcome: Outcome; by: 'lookup' | 'person' };
}
interface ResolveOptions {
  committed?: boolean;
  failed?: boolean;
  reason: string;
  wait?: number;
}

export function registerInDoubt(program: Command): void {
  const doubt = program.command('in-doubt').description('commits nobody knows the outcome of');
  pageOptions(doubt.command('list').description('what waits to be settled, and what is known of each')).action(list);
  doubt
    .command('resolve')
    .argument('<actionId>')
    .description('say what became of it, once you have looked at its target; policy countersigns')
    .addOption(new Option('--committed', 'the target did it').conflicts('failed'))
    .option('--failed', 'the target did not do it')
    .requiredOption('--reason <text>', 'where you saw that; it is kept')
    .addOption(
      new Option('--wait [seconds]', 'hold until it is resolved, 10 s if not said; exit 4 if it is not by then')
        .preset('10')
        .argParser(waitSeconds),
    )
    .action(resolve);
}

async function list(_: unknown, command: Command): Promise<void> {
  const { limit, cursor } = optionsOf<PageOptions>(command);
  const page = await (await connect(command)).call<Page<Doubt>>('/v1/in-doubt', { query: { limit, cursor } });
  show(command, page, ({ data, nextCursor }) => withMore(listText(data), nextCursor));
}

function listText(doubts: Doubt[]): string {
  const head = ['action', 'tool', 'arguments', 'amount', 'since', 'sent', 'known', 'looked up'];
  const rows = doubts.map(({ actionId, tool, amount, since, attempts, known, lookup, ...each }) => [
    ...[actionId, tool, each.arguments, amount && `${amount.amount} ${amount.currency}`, since],
    ...[`${attempts} ×`, known, lookupText(lookup)],
  ]);
  const ways = doubts.map(({ actionId, howToFindOut }) => `${cell(actionId)}: ${cell(howToFindOut)}`);
  return [table(head, rows, 'Nothing is in doubt.'), ...ways].join('\n');
}

function lookupText({ asking, lastAskedAt, said }: Doubt['lookup']): string {
  const last = lastAskedAt ? ` (${lastAskedAt}: ${said ?? 'no answer'})` : '';
  return `${asking ? 'still' : 'not any more, a person says'}${last}`;
}

async function resolve(actionId: string, _: unknown, command: Command): Promise<void> {
  const { committed, failed, reason, wait } = optionsOf<ResolveOptions>(command);
  if (!committed && !failed)
    throw new CliError('Say what became of it: --committed or --failed.', EXIT.usage, 'Look at its target first.');
  const api = await connect(command);
  const body = { outcome: committed ? 'committed' : 'failed', reason };
  const taken = await api.call<Taken>(`/v1/in-doubt/${segment(actionId)}/resolve`, { method: 'POST', body });
  if (wait === undefined) return show(command, taken, takenText);
  const state = await whenResolved(api, taken, wait);
  show(command, state, stateText);
  requireResolved(state, taken);
}

/** Asked for again every few seconds: a verdict that policy did not take does not end the action. */
const SLICE_S = 2;

async function whenResolved(api: Api, { actionId, verdict }: Taken, seconds: number): Promise<DoubtState> {
  const until = performance.now() + seconds * 1000;
  for (;;) {
    const left = Math.max(0, (until - performance.now()) / 1000);
    const query = { wait: Math.min(left, SLICE_S) };
    const state = await api.call<DoubtState>(`/v1/actions/${segment(actionId)}`, { query });
    if (state.state === 'ended' || refusedOf(state, verdict) || left === 0) return state;
  }
}

const refusedOf = ({ verdict }: DoubtState, { id }: Verdict) =>
  verdict?.refused?.verdictId === id ? verdict.refused : undefined;

function requireResolved(state: DoubtState, { actionId, verdict }: Taken): void {
  if (state.state === 'ended') return;
  const refused = refusedOf(state, verdict);
  if (refused) throw new CliError(`${refused.code}: ${cell(refused.detail)}`, EXIT.denied, refused.nextStep);
  throw new CliError(
    'It is not resolved yet: policy has to take it, and the executor to write it down.',
    EXIT.notInForce,
    `Watch it with \`countersign actions show ${actionId} --wait 30\`.`,
  );
}

const takenText = ({ actionId, tool, state, verdict, nextStep }: Taken) =>
  fields({ action: actionId, tool, state, verdict: verdictText(verdict), next: nextStep });
const verdictText = ({ outcome, by, reason }: Verdict) => `${outcome}, says ${by}: ${reason}`;

const stateText = ({ actionId, tool, state, resolved, detail }: DoubtState) =>
  fields({
    ...{ action: actionId, tool, state, detail: detail ?? undefined },
    ...(resolved ? { resolved: `${resolved.outcome}, by a ${resolved.by === 'person' ? 'person' : 'look-up'}` } : {}),
  });

function waitSeconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 60)) throw new InvalidArgumentError('a number of seconds above 0, at most 60');
  return value;
}

import { Decimal } from 'decimal.js';
import { fields, table } from '../output.js';
import type { Replay, Replayed, Said } from './replay-decision.js';

/** What a changed package would have decided otherwise. */
export interface ReplayReport {
  workflow: string;
  since: string;
  against: string;
  policyVersion: string;
  traces: number;
  replayed: number;
  differs: Replayed[];
  /** Per kind of change and currency; of actions without an amount, their number alone. */
  sums: ChangeSum[];
  notReplayable: Record<string, number>;
  notByRules: Record<string, number>;
}

export interface ChangeSum {
  change: string;
  actions: number;
  amounts: Record<string, string>;
}

export function reportOf(
  about: Pick<ReplayReport, 'workflow' | 'since' | 'against' | 'policyVersion' | 'traces'>,
  replays: readonly Replay[],
): ReplayReport {
  const replayed = replays.filter((one) => one.tag === 'replayed');
  const differs = replayed
    .filter((one) => one.differs)
    .map(({ tag: _, ...one }) => one)
    .sort((a, b) => a.at.localeCompare(b.at));
  return {
    ...about,
    replayed: replayed.length,
    differs,
    sums: sumsOf(differs),
    notReplayable: counted(replays.flatMap((one) => (one.tag === 'not-replayable' ? [one.because] : []))),
    notByRules: counted(replays.flatMap((one) => (one.tag === 'not-by-rules' ? [one.code] : []))),
  };
}

function sumsOf(differs: readonly Replayed[]): ChangeSum[] {
  const kinds = Map.groupBy(differs, changeOf);
  return [...kinds].map(([change, all]) => ({ change, actions: all.length, amounts: amountsOf(all) }));
}

/** In two words; where those are the same, with what differs of them. */
function changeOf({ was, would }: Replayed): string {
  if (was.verdict !== would.verdict) return `${was.verdict} → ${would.verdict}`;
  return `${saidText(was)} → ${saidText(would)}`;
}

function amountsOf(all: readonly Replayed[]): Record<string, string> {
  const currencies = Map.groupBy(
    all.flatMap(({ amount }) => (amount ? [amount] : [])),
    ({ currency }) => currency,
  );
  const sums = [...currencies].map(([currency, amounts]): [string, string] => {
    const sum = amounts.reduce((total, { amount }) => total.plus(amount), new Decimal(0));
    return [currency, sum.toFixed(Math.max(2, sum.decimalPlaces()))];
  });
  return Object.fromEntries(sums);
}

const counted = (all: readonly string[]): Record<string, number> =>
  Object.fromEntries([...Map.groupBy(all, (one) => one)].map(([one, those]) => [one, those.length]));

/** A verdict in a word or two: who decides, or with which code it is denied. */
export function saidText({ verdict, roles, approvals, code }: Said): string {
  const people =
    roles && `${approvals === undefined || approvals === 1 ? '' : `${approvals} of `}${roles.join(' or ')}`;
  return [verdict, people ?? code].filter(Boolean).join(': ');
}

export const becauseText = ({ by }: Replayed) =>
  by
    .map(({ rule, was = 'not asked', would = 'not asked', reason }) => `${rule}: ${was} → ${would} (${reason})`)
    .join('; ');

const listed = (counts: Record<string, number>) =>
  Object.entries(counts)
    .map(([what, count]) => `${what} ${count}`)
    .join(', ') || undefined;
const money = (amounts: Record<string, string>) =>
  Object.entries(amounts)
    .map(([currency, amount]) => `${amount} ${currency}`)
    .join(', ');

/** What would differ, the sums, and as the last line how many were looked at. */
export function replayText(report: ReplayReport): string {
  const { differs, sums, workflow, since, against, policyVersion, notReplayable, notByRules } = report;
  const rows = differs.map((one) => [
    ...[one.at, one.actionId, one.tool, one.actor, one.amount && `${one.amount.amount} ${one.amount.currency}`],
    ...[saidText(one.was), saidText(one.would), becauseText(one)],
  ]);
  const head = ['at', 'action', 'tool', 'asked by', 'amount', 'was', 'would be', 'because'];
  return [
    fields({
      ...{ workflow, since, against, 'policy version': policyVersion },
      ...{ 'not replayable': listed(notReplayable), 'not decided by rules': listed(notByRules) },
    }),
    table(head, rows, 'No decision would differ.'),
    ...(sums.length > 0
      ? [
          table(
            ['change', 'actions', 'amount'],
            sums.map(({ change, actions, amounts }) => [change, actions, money(amounts)]),
          ),
        ]
      : []),
    `${report.replayed} decisions made once more, ${differs.length} would differ`,
  ].join('\n\n');
}

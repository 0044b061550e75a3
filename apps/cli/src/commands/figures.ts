import { Option, type Command } from 'commander';
import { accessReviewCsv, type AccessReview, type MetricsSummary } from '@countersign/contracts';
import { connect, optionsOf, show } from '../context.js';
import { fields, table } from '../output.js';

export function registerFigures(program: Command): void {
  program
    .command('metrics')
    .description("figures of the tenant's actions")
    .command('summary')
    .description(
      'what was asked, decided and done in a range of time, and what went wrong: the last 24 hours if not said',
    )
    .option('--from <time>', 'from this instant on, such as 2026-03-01T00:00:00Z')
    .option('--to <time>', 'to before this instant; now if not said')
    .action(summary);
  const audit =
    program.commands.find((command) => command.name() === 'audit') ??
    program.command('audit').description('the record');
  audit
    .command('access-review')
    .description('who may approve which tool, and who did')
    .addOption(new Option('--csv', 'as CSV, for a spreadsheet'))
    .action(accessReview);
}

async function summary(_: unknown, command: Command): Promise<void> {
  const { from, to } = optionsOf<{ from?: string; to?: string }>(command);
  const answer = await (await connect(command)).call<MetricsSummary>('/v1/metrics/summary', { query: { from, to } });
  show(command, answer, summaryText);
}

export function summaryText({ tools, ...all }: MetricsSummary): string {
  const { funnel, refused, denials, approvals, unsent, inDoubt } = all;
  const counts = fields({
    ...{ tenant: all.tenant, from: all.from, to: all.to },
    funnel: `${funnel.intents} intents → ${funnel.proposed} proposed → ${funnel.approved} approved → ${funnel.committed} committed`,
    refused: withParts(refused.total, refused.byCode),
    denied: withParts(denials.total, denials.byCode),
    'by rule': partsText(denials.byRule.map(({ rule, count }) => ({ code: rule, count }))),
    approvals: `${approvals.opened} opened, ${approvals.granted} granted, ${approvals.edited} edited, ${approvals.rejected} rejected, ${approvals.expired} expired`,
    override: `${percent(approvals.overrideRate)} of ${approvals.decided} decided`,
    waits: waitsText(approvals.waitSeconds),
    unsent: withParts(unsent.blocked + unsent.returned, unsent.byCode),
    drifted: `${all.drifted} previews`,
    'in doubt': `${inDoubt.ever}, ${inDoubt.open} of them still`,
    parked: String(all.parked),
    incidents: incidentsText(all.incidents),
  });
  const rows = tools.map((tool) => [
    ...[tool.tool, String(tool.ended), String(tool.failed), percent(tool.errorRate)],
    partsText(tool.byCode),
  ]);
  return `${counts}\n\n${table(['tool', 'ended', 'failed', 'error rate', 'why'], rows, 'No tool was used.')}`;
}

const partsText = (parts: { code: string; count: number }[]) =>
  parts.map(({ code, count }) => `${code} ${count}`).join(', ');
const withParts = (total: number, parts: { code: string; count: number }[]) =>
  parts.length > 0 ? `${total} (${partsText(parts)})` : String(total);
const percent = (rate: number | null) => (rate === null ? '-' : `${(rate * 100).toFixed(1)} %`);
const waitsText = (waits: MetricsSummary['approvals']['waitSeconds']) =>
  waits && `p50 ${waits.p50.toFixed(1)} s, p95 ${waits.p95.toFixed(1)} s, at most ${waits.max.toFixed(1)} s`;

function incidentsText({ opened, byCause, ...now }: MetricsSummary['incidents']): string {
  const causes = partsText(byCause.map(({ cause, count }) => ({ code: cause, count })));
  const hours = now.hoursToCapture
    ? `, p50 ${now.hoursToCapture.p50.toFixed(1)} h, at most ${now.hoursToCapture.max.toFixed(1)} h`
    : '';
  const clock = `${now.open} open, ${now.overdue} overdue, ${now.captured} captured (${percent(now.capturedInTime)} within 24 h${hours}), ${now.closed} closed`;
  return opened === 0 ? '0' : `${opened} (${causes}): ${clock}`;
}

async function accessReview(_: unknown, command: Command): Promise<void> {
  const { csv } = optionsOf<{ csv?: boolean }>(command);
  const review = await (await connect(command)).call<AccessReview>('/v1/access-review');
  if (csv) process.stdout.write(accessReviewCsv(review.data));
  else show(command, review, reviewText);
}

export function reviewText({ data }: AccessReview): string {
  const rows = data.map(({ tool, person, mayApprove, approvals, roles, ...did }) => [
    ...[tool, person ?? 'nobody who was seen', mayApprove ? `yes: ${approvals.join(', ')}` : 'no', roles.join(', ')],
    ...[did.granted, did.edited, did.rejected, did.settled].map(String),
    did.lastAt,
  ]);
  const head = ['tool', 'person', 'may approve', 'by role', 'granted', 'edited', 'rejected', 'settled', 'last'];
  return table(head, rows, 'No tool is loaded, and nobody decided anything.');
}

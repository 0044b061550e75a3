import type { Command } from 'commander';
import { segment, type Api } from '../api.js';
import { connect, optionsOf, show } from '../context.js';
import { CliError, EXIT } from '../errors.js';
import { cell, fields, table, withMore } from '../output.js';
import { fieldsOf } from './intents.js';
import { pageOptions, type Page, type PageOptions } from './paging.js';

interface Item {
  approvalId: string;
  status: string;
  tool: string;
  requestedBy?: string;
  expiresAt?: string;
  actionHash?: string;
  arguments?: unknown;
  preview?: { effect?: unknown } | null;
  diff?: { field: string; before: unknown; after: unknown }[];
  rules?: { rule: string; outcome: string; reason: string }[];
  blast?: unknown;
  recordsRead?: unknown;
  [more: string]: unknown;
}

interface DecideOptions {
  reason: string;
  hash?: string;
}

export function registerApprovals(program: Command): void {
  const approvals = program.command('approvals').description('what waits for a person');
  pageOptions(
    approvals
      .command('list')
      .description('the queue')
      .option('--status <status>', 'open, decided, approved, denied, expired, …'),
  ).action(async (_: unknown, command: Command) => {
    const { status, limit, cursor } = optionsOf<PageOptions & { status?: string }>(command);
    const page = await (await connect(command)).call<Page<Item>>('/v1/approvals', { query: { status, limit, cursor } });
    const head = ['approval', 'status', 'tool', 'arguments', 'asked by', 'until'];
    show(command, page, ({ data, nextCursor }) => withMore(table(head, data.map(line), 'Nothing waits.'), nextCursor));
  });
  approvals
    .command('show')
    .argument('<approvalId>')
    .description('one item, with what it would change')
    .action(async (id: string, _: unknown, command: Command) =>
      show(command, await item(await connect(command), id), itemText),
    );
  for (const decision of ['approve', 'reject'] as const) {
    approvals
      .command(decision)
      .argument('<approvalId>')
      .description(`${decision} it; policy countersigns`)
      .requiredOption('--reason <text>', 'why; it is kept')
      .option('--hash <actionHash>', 'what you looked at; the item as it is now if left out')
      .action((id: string, _: unknown, command: Command) => decide(id, decision, command));
  }
}

const line = (each: Item) => [
  each.approvalId,
  each.status,
  each.tool,
  each.arguments,
  each.requestedBy,
  each.expiresAt,
];
const item = (api: Api, id: string) => api.call<Item>(`/v1/approvals/${segment(id)}`);

async function decide(id: string, decision: 'approve' | 'reject', command: Command): Promise<void> {
  const { reason, hash } = optionsOf<DecideOptions>(command);
  const api = await connect(command);
  const actionHash = hash ?? (await item(api, id)).actionHash;
  // Who may not decide an item sees how it stands, not what would be decided.
  if (actionHash === undefined)
    throw new CliError(
      'PERMISSION_DENIED: this item is not yours to decide.',
      EXIT.denied,
      'Ask somebody who has one of the roles that decide it.',
    );
  const answer = await api.call<Item>(`/v1/approvals/${segment(id)}/decisions`, {
    method: 'POST',
    body: { decision, actionHash, reason },
  });
  show(command, answer, ({ approvalId, status, tool }) => fieldsOf({ approval: approvalId, status, tool }));
}

function itemText({
  approvalId,
  status,
  tool,
  requestedBy,
  expiresAt,
  actionHash,
  blast,
  preview,
  recordsRead,
  diff = [],
  rules = [],
  ...rest
}: Item): string {
  const head = fields({
    ...{ approval: approvalId, status, tool, arguments: rest.arguments, 'asked by': requestedBy, until: expiresAt },
    ...{ effect: preview?.effect, 'records read': recordsRead, 'blast radius': blast, 'action hash': actionHash },
  });
  const changes = table(
    ['field', 'before', 'after'],
    diff.map((change) => [change.field, cell(change.before), cell(change.after)]),
    '',
  );
  const verdicts = table(
    ['rule', 'verdict', 'reason'],
    rules.map((each) => [each.rule, each.outcome, each.reason]),
    '',
  );
  return [head, changes, verdicts].filter(Boolean).join('\n\n');
}

import { InvalidArgumentError, type Command } from 'commander';
import { connect, optionsOf, show } from '../context.js';
import { table, withMore } from '../output.js';
import { claim, decide, delegate, edit, itemOf } from './approval-answers.js';
import { itemText, until, type Item } from './approval-text.js';
import { pageOptions, type Page, type PageOptions } from './paging.js';

export function registerApprovals(program: Command): void {
  const approvals = program.command('approvals').description('what waits for a person');
  registerQueue(approvals);
  for (const decision of ['approve', 'reject'] as const) {
    answering(approvals.command(decision))
      .argument('<approvalId...>')
      .description(`${decision} it; policy countersigns. Several, of one tool and one rule, at once`)
      .action((ids: string[], _: unknown, command: Command) => decide(ids, decision, command));
  }
  answering(approvals.command('edit'))
    .argument('<approvalId>')
    .description('change its arguments; policy decides anew, and a person on what comes of it')
    .option('--set <name=value>', 'one argument, with the JSON type it has; may be repeated', pair, [])
    .option('--arguments <file>', 'all arguments as a JSON object; - reads them from standard input')
    .action((id: string, _: unknown, command: Command) => edit(id, command));
  registerLeases(approvals);
}

function registerQueue(approvals: Command): void {
  pageOptions(
    approvals
      .command('list')
      .description('the queue')
      .option('--status <status>', 'open, decided, approved, denied, expired, …'),
  ).action(async (_: unknown, command: Command) => {
    const { status, limit, cursor } = optionsOf<PageOptions & { status?: string }>(command);
    const page = await (await connect(command)).call<Page<Item>>('/v1/approvals', { query: { status, limit, cursor } });
    const head = ['approval', 'status', 'tool', 'arguments', 'asked by', 'until', 'claimed by'];
    show(command, page, ({ data, nextCursor }) => withMore(table(head, data.map(line), 'Nothing waits.'), nextCursor));
  });
  approvals
    .command('show')
    .argument('<approvalId>')
    .description('one item, with what it would change')
    .action(async (id: string, _: unknown, command: Command) =>
      show(command, await itemOf(await connect(command), id), itemText),
    );
}

function registerLeases(approvals: Command): void {
  approvals
    .command('claim')
    .argument('<approvalId>')
    .description('take it for a while: nobody else decides it until then')
    .option('--for <seconds>', 'how long, 600 if not said', leaseSeconds)
    .option('--release', 'give it back')
    .action((id: string, _: unknown, command: Command) => claim(id, command));
  approvals
    .command('delegate')
    .argument('<approvalId>')
    .description('hand it to somebody else for a while; they need a role that decides it')
    .requiredOption('--to <user>', 'whom')
    .requiredOption('--reason <text>', 'why; they see it')
    .option('--for <seconds>', 'how long, 600 if not said', leaseSeconds)
    .action((id: string, _: unknown, command: Command) => delegate(id, command));
}

const answering = (command: Command): Command =>
  command
    .requiredOption('--reason <text>', 'why; it is kept')
    .option('--hash <actionHash>', 'what you looked at; the item as it is now if left out');

const line = (each: Item) => [
  ...[each.approvalId, each.status, each.tool, each.arguments],
  ...[each.requestedBy, until(each), each.claim?.by],
];

function leaseSeconds(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 30 || value > 3600)
    throw new InvalidArgumentError('a number of seconds from 30 to 3600');
  return value;
}

function pair(text: string, before: [string, string][]): [string, string][] {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('NAME=VALUE, such as amount=500.00');
  return [...before, [text.slice(0, at), text.slice(at + 1)]];
}

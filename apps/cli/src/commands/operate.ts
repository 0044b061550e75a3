import type { Command } from 'commander';
import { segment } from '../api.js';
import { connect, optionsOf, show } from '../context.js';
import { CliError, EXIT } from '../errors.js';
import { table, withMore } from '../output.js';
import { fieldsOf } from './intents.js';
import { pageOptions, type Page, type PageOptions } from './paging.js';

interface Parked {
  id: string;
  topic: string;
  partition: number;
  offset: string;
  reason: string;
  detail: string;
  parkedAt: string;
  redrivenAt: string | null;
}

interface Redriven {
  redriven: boolean;
  because?: string;
}

export function registerOperate(program: Command): void {
  const parked = program.command('parked').description('records that could not be handled');
  pageOptions(parked.command('list').description('what is parked, and why')).action(
    async (_: unknown, command: Command) => {
      const { limit, cursor } = optionsOf<PageOptions>(command);
      const page = await (await connect(command)).call<Page<Parked>>('/v1/parked', { query: { limit, cursor } });
      show(command, page, parkedText);
    },
  );
  parked
    .command('show')
    .argument('<id>')
    .description('one parked record')
    .action(async (id: string, _: unknown, command: Command) =>
      show(command, await (await connect(command)).call<Parked>(`/v1/parked/${segment(id)}`), fieldsOf),
    );
  parked
    .command('redrive')
    .argument('<id>')
    .description('try it again: a newer version may be able to read it')
    .action(redrive);
}

function parkedText({ data, nextCursor }: Page<Parked>): string {
  const rows = data.map((each) => [
    each.id,
    `${each.topic}/${each.partition}@${each.offset}`,
    each.reason,
    each.detail,
    each.parkedAt,
    each.redrivenAt,
  ]);
  const head = ['id', 'where', 'reason', 'detail', 'parked', 'redriven'];
  return withMore(table(head, rows, 'Nothing is parked.'), nextCursor);
}

async function redrive(id: string, _: unknown, command: Command): Promise<void> {
  const answer = await (await connect(command)).call<Redriven>(`/v1/parked/${segment(id)}/redrive`, { method: 'POST' });
  show(command, answer, fieldsOf);
  if (!answer.redriven)
    throw new CliError(`It stays parked: ${answer.because ?? 'it still cannot be read'}`, EXIT.unexpected);
}

import type { Command } from 'commander';
import { segment } from '../api.js';
import { connect, optionsOf, show } from '../context.js';
import { fields, note, table } from '../output.js';

interface Revealed {
  intentId: string;
  eventId: string;
  revealed: { token: string; class?: string; value: unknown; where: { type: string; path: string }[] }[];
  unopened: { token: string; because: string }[];
  left: number;
}
interface Erased {
  subject: string;
  keys: number;
  values: number;
  eventId: string;
}

export function registerSubjects(program: Command): void {
  program
    .command('subjects')
    .description('people and records that sealed values are about')
    .command('erase')
    .argument('<subject>', "a record's id, such as cus_1, or a user's")
    .description('destroy its keys for good: what was sealed for it opens for nobody any more')
    .requiredOption('--reason <text>', 'why; it is kept')
    .action(async (subject: string, _: unknown, command: Command) => {
      const { reason } = optionsOf<{ reason: string }>(command);
      const call = { method: 'DELETE', body: { reason } } as const;
      const erased = await (await connect(command)).call<Erased>(`/v1/subjects/${segment(subject)}`, call);
      show(command, erased, ({ keys, values, eventId }) =>
        fields({ subject, keys, values, 'written down as': eventId }),
      );
    });
}

export function registerReveal(traces: Command): void {
  const some = (text: string, before: string[] = []) => [...before, text];
  traces
    .command('reveal')
    .argument('<intentId>')
    .description('open sealed values of a trace; who asked and why is written down first')
    .requiredOption('--reason <text>', 'why; it is kept')
    .option('--path <path>', 'only what stands there or below, such as arguments.to; may be repeated', some)
    .option('--sealed <token>', 'only what this token stands for; may be repeated', some)
    .action(async (id: string, _: unknown, command: Command) => {
      const {
        reason,
        path: paths,
        sealed: tokens,
      } = optionsOf<{ reason: string; path?: string[]; sealed?: string[] }>(command);
      const body = { reason, ...(paths ? { paths } : {}), ...(tokens ? { tokens } : {}) };
      const call = { method: 'POST', body } as const;
      show(
        command,
        await (await connect(command)).call<Revealed>(`/v1/traces/${segment(id)}/reveals`, call),
        revealedText,
      );
    });
}

function revealedText({ revealed, unopened, left, eventId }: Revealed): string {
  if (left > 0) note(`${left} more are sealed in it: name them with --path or --sealed.`);
  const shown = revealed.map(({ token, value, where }) => [
    token,
    typeof value === 'string' ? value : JSON.stringify(value),
    where.map(({ path }) => path).join(', '),
  ]);
  const closed = unopened.map(({ token, because }) => [token, `(${because})`, '']);
  const rows = [...shown, ...closed];
  return `${table(['token', 'value', 'where'], rows, 'Nothing is sealed in it.')}\n\n${fields({ 'written down as': eventId })}`;
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { TOPIC_RETENTION_MS } from '@countersign/contracts';
import { embeddedOwnerUrl, repoRoot } from '@countersign/embedded/places';
import { optionsOf } from '../context.js';
import { CliError, EXIT, type ExitCode } from '../errors.js';
import { readRunning } from '../state-file.js';

interface ArchiveOptions {
  olderThan: number;
  to: string;
  dryRun?: boolean;
}

const UNITS = { d: 86_400_000, w: 604_800_000 } as const;

/** What is still on the topics could come again, and would be stored twice. */
function age(text: string): number {
  const [, count, unit] = /^(\d{1,5})([dw])$/.exec(text) ?? [];
  const ms = Number(count) * UNITS[unit as keyof typeof UNITS];
  if (!(ms > TOPIC_RETENTION_MS))
    throw new InvalidArgumentError(
      `days or weeks, such as 90d: more than the ${TOPIC_RETENTION_MS / UNITS.d}d that topics keep`,
    );
  return ms;
}

export function registerArchive(program: Command): void {
  const audit =
    program.commands.find((command) => command.name() === 'audit') ??
    program.command('audit').description('the record');
  audit
    .command('archive')
    .description("take old days out of the trace store into files, with the owner's DATABASE_URL")
    .requiredOption('--older-than <age>', 'days that ended so long ago: 90d, 12w', age)
    .requiredOption('--to <dir>', 'the folder of the archive')
    .option('--dry-run', 'say what would be taken out, and touch nothing')
    .action(archive);
}

/** The work is audit's own: this finds the owner's database and hands over. */
async function archive(_: unknown, command: Command): Promise<void> {
  const { olderThan, to, dryRun, json } = optionsOf<ArchiveOptions>(command);
  const argv = [
    path.join(repoRoot(), 'apps/audit/dist/archive/main.js'),
    `--older-than-ms=${olderThan}`,
    `--to=${path.resolve(to)}`,
    ...(dryRun ? ['--dry-run'] : []),
    ...(json ? ['--json'] : []),
  ];
  const child = spawn(process.execPath, argv, { stdio: 'inherit', env: { ...process.env, ...ownersDatabase() } });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code === EXIT.ok) return;
  throw new CliError('What is not named above as dropped is in the database.', (code ?? EXIT.unexpected) as ExitCode);
}

/** What was named, else the database of the system that `dev` runs here. */
function ownersDatabase(): Record<string, string> {
  if (process.env['DATABASE_URL'] || process.env['DATABASE_URL_FILE']) return {};
  const dataDir = readRunning()?.dataDir;
  const url = dataDir === undefined ? undefined : embeddedOwnerUrl(dataDir);
  if (url !== undefined) return { DATABASE_URL: url, COUNTERSIGN_KEYS_DIR: path.join(dataDir!, 'keys/audit') };
  throw new CliError(
    'Which database?',
    EXIT.usage,
    "Give the URL of the tables' owner, the migrator's, in DATABASE_URL, and audit's folder of keys in COUNTERSIGN_KEYS_DIR; or start a system here with --data DIR.",
  );
}

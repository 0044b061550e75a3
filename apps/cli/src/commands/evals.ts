import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Command } from 'commander';
import { repoRoot } from '@countersign/embedded/places';
import { optionsOf } from '../context.js';
import { CliError, EXIT } from '../errors.js';

export function registerEvals(program: Command): void {
  program
    .command('evals')
    .description("a workflow's cases, on its real handlers and tools")
    .command('run')
    .description('runs them; the last line is the verdict (--help lists the options)')
    .argument('[options...]')
    .helpOption(false)
    .allowUnknownOption()
    .action(run);
}

/** The runner is a process of its own, and its exit code is the verdict. */
async function run(given: string[], _: unknown, command: Command): Promise<void> {
  const { json } = optionsOf(command);
  const main = path.join(repoRoot(), 'apps/evals/dist/main.js');
  const child = spawn(process.execPath, [main, ...given, ...(json ? ['--json'] : [])], { stdio: 'inherit' });
  // Told to stop, it cleans up first.
  const signals = (['SIGINT', 'SIGTERM'] as const).map((signal) => [signal, () => child.kill(signal)] as const);
  for (const [signal, hand] of signals) process.on(signal, hand);
  const [code] = (await once(child, 'exit')) as [number | null];
  for (const [signal, hand] of signals) process.off(signal, hand);
  if (code !== EXIT.ok) throw ended(code);
}

/** The runner has said what went wrong; this says what follows from it. */
function ended(code: number | null): CliError {
  switch (code) {
    case EXIT.gateFailed:
      return new CliError('Some cases failed: this fingerprint is not to be released.', code);
    case EXIT.incomplete:
      return new CliError('Not all cases could be judged, or there is none: this is no pass.', code);
    case EXIT.usage:
      return new CliError('The command line means nothing to the runner.', code, '`countersign evals run --help`.');
    default:
      return new CliError(`The runner ended with ${code ?? 'a signal'}.`, EXIT.unexpected);
  }
}

#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { CliError, EXIT } from './errors.js';
import { note } from './output.js';
import { createProgram } from './program.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** kafkajs waits for a negative time once in its life, and Node 24 says so where answers are looked for. */
function withoutKafkajsWarning(): void {
  const listeners = process.listeners('warning');
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name !== 'TimeoutNegativeWarning') for (const listener of listeners) listener(warning);
  });
}

/** Says what went wrong and what to do about it. Answers the exit code. */
function failed(error: unknown): number {
  // Commander has said it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const { exitCode, nextStep } = error as Partial<CliError>;
  if (typeof exitCode !== 'number') note(error instanceof Error ? (error.stack ?? error.message) : String(error));
  else note((error as Error).message);
  if (nextStep) note(`Next: ${nextStep}`);
  return exitCode ?? EXIT.unexpected;
}

async function run(): Promise<number> {
  try {
    const program = await createProgram(version, process.argv.slice(2));
    await program.parseAsync();
    return EXIT.ok;
  } catch (error) {
    return failed(error);
  }
}

withoutKafkajsWarning();
// Who reads may go before all is written (`| head`): nothing is left to say then.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(EXIT.ok);
  });
const exitCode = await run();
process.stdout.write('', () => process.exit(exitCode));

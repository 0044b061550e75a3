/*
 * The runner's process. Progress and what went wrong go to stderr, the result to stdout. What it guarantees:
 * 1. The last line of stdout is the verdict, and the exit code says the same: 0 pass, 3 fail, 7 error or no case.
 * 2. What cannot be run (no target, no database, a file that is no case) is an error, never green. Only a command line that means nothing
 *    ends with 2, without a verdict.
 */
import { enableCompileCache } from 'node:module';
import path from 'node:path';
import { cacheDir } from '@countersign/embedded/places';
import { EXIT_CODES, type Verdict } from '@countersign/evals';
import { Help, optionsOf, WrongUsage } from './options.js';

const EXIT_USAGE = 2;

async function verdict(argv: string[]): Promise<Verdict> {
  const options = optionsOf(argv);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  try {
    enableCompileCache(path.join(cacheDir(), 'compile-cache'));
    // Not before: half of a short run is spent on reading the services' code.
    const { evaluate } = await import('./evaluate.js');
    return await evaluate(options, process.env, stop.signal);
  } catch (error) {
    if (error instanceof WrongUsage) throw error;
    console.error(`evals: ${error instanceof Error ? error.message : String(error)}`);
    return 'error';
  }
}

try {
  const said = await verdict(process.argv.slice(2));
  process.exitCode = EXIT_CODES[said];
  console.log(`verdict: ${said}`);
} catch (error) {
  if (error instanceof Help) console.log(error.message);
  else if (error instanceof WrongUsage) {
    console.error(`evals: ${error.message}`);
    process.exitCode = EXIT_USAGE;
  } else throw error;
}

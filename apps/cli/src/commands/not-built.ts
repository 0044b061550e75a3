import type { Command } from 'commander';
import { CliError, EXIT } from '../errors.js';

/** Verbs of the public surface that answer NOT_BUILT until they are. */
const LATER: Record<string, readonly string[]> = {
  tools: ['import-mcp'],
};

export function registerNotBuilt(program: Command): void {
  for (const [noun, verbs] of Object.entries(LATER)) {
    const parent =
      program.commands.find((command) => command.name() === noun) ?? program.command(noun).description('not built yet');
    for (const verb of verbs) {
      parent
        .command(verb)
        .description('not built yet')
        .argument('[rest...]')
        .allowUnknownOption()
        .action(() => {
          throw new CliError(
            `NOT_BUILT: ${noun} ${verb} is not built yet.`,
            EXIT.unexpected,
            '`countersign --help` lists what is.',
          );
        });
    }
  }
}

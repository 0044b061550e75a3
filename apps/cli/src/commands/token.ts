import { InvalidArgumentError, type Command } from 'commander';
import { embeddedToken } from '../connection.js';
import { optionsOf, show } from '../context.js';

function ttl(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a whole number of seconds');
  return value;
}

export function registerToken(program: Command): void {
  program
    .command('token')
    .argument('<user>', 'alice, bob, carol, sam, ruth, audra, adam, erin, gil or assistant')
    .description('a token of the embedded identity provider; development only')
    .option('--ttl <seconds>', 'how long it is valid', ttl)
    .action(async (user: string, _: unknown, command: Command) => {
      const token = await embeddedToken(user, optionsOf<{ ttl?: number }>(command).ttl);
      show(command, { user, token }, (answer) => answer.token);
    });
}

import { expect, it } from '@jest/globals';
import type { Command } from 'commander';
import { createProgram } from './program.js';

const verbsOf = (command: Command | undefined): unknown =>
  command?.commands.map((verb) => [verb.name(), verbsOf(verb)]);
const nounOf = (program: Command, noun: string) => program.commands.find((command) => command.name() === noun);

it('a noun that is said has all its verbs, though the other files are not read', async () => {
  const whole = await createProgram('1', ['--help']);
  const nouns = whole.commands.map((command) => command.name());
  expect(nouns).toHaveLength(22);
  for (const noun of nouns) {
    const program = await createProgram('1', ['--as', 'bob', noun, 'list']);
    expect([noun, verbsOf(nounOf(program, noun))]).toEqual([noun, verbsOf(nounOf(whole, noun))]);
    expect(program.commands.length).toBeLessThan(4);
  }
});

it('a word that is no noun has all of them beside it, to be told what there is', async () => {
  expect((await createProgram('1', ['trace'])).commands).toHaveLength(22);
});

import { expect, it } from '@jest/globals';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { repoRoot } from '@countersign/embedded/places';
import { createProgram } from './program.js';

const root = repoRoot();
const files = ['README.md', ...globSync('docs/**/*.md', { cwd: root })];
const said = files.flatMap((file) => {
  const text = readFileSync(path.join(root, file), 'utf8');
  return [...text.matchAll(/npx countersign ([a-z][^`\n|#]*)/g)].map(([, line]) => [file, line!.trim()] as const);
});

/** What a line that somebody is told to type has wrong: a noun, a verb or an option that is not there. */
function flaw(program: Command, line: string): string | undefined {
  let command = program;
  for (const word of line.split(/\s+/).filter((one) => !one.startsWith('-'))) {
    const next = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
    if (!next) break;
    command = next;
  }
  if (command === program || (command.commands.length > 0 && !line.endsWith('--help')))
    return `${command.name()} needs a verb`;
  // The runner of the evals has options of its own.
  if (command.parent?.name() === 'evals') return undefined;
  const known = new Set([...command.options, ...program.options].flatMap(({ long, short }) => [long, short]));
  // What follows ` -- ` is another program's.
  const options =
    line
      .split(' -- ')[0]!
      .replace(/"[^"]*"/g, '')
      .match(/(?<=\s)--?[a-z][a-z-]*/g) ?? [];
  return options.filter((option) => !known.has(option) && option !== '--help')[0];
}

it('every command in the documents is one that can be typed', async () => {
  const program = await createProgram('1', []);
  expect(said.length).toBeGreaterThan(50);
  const flaws = said.map(([file, line]) => [file, line, flaw(program, line)]).filter(([, , wrong]) => wrong);
  expect(flaws).toEqual([]);
});

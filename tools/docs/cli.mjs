import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { MADE, table } from './text.mjs';

const argumentText = ({ required, variadic, _name: name }) => {
  const shown = `${name}${variadic ? '...' : ''}`;
  return required ? `<${shown}>` : `[${shown}]`;
};
const optionRows = (options) =>
  options.filter(({ hidden }) => !hidden).map(({ flags, description }) => [`\`${flags}\``, description]);

/** A verb that does something, with its arguments and options; a noun is the verbs below it. */
function verbs(command, words) {
  const here = [...words, command.name()];
  if (command.commands.length > 0) return command.commands.flatMap((verb) => verbs(verb, here));
  const args = command.registeredArguments;
  const lines = [`### \`${[...here, ...args.map(argumentText)].join(' ')}\``, '', command.description()];
  const told = args.filter(({ description }) => description);
  if (told.length > 0) lines.push('', ...told.map((one) => `- \`${argumentText(one)}\`: ${one.description}`));
  if (command.options.length > 0) lines.push('', table(['option', 'what it does'], optionRows(command.options)));
  return [lines.join('\n')];
}

export async function cli(root) {
  const file = pathToFileURL(path.join(root, 'apps/cli/dist/program.js')).href;
  const program = await (await import(file)).createProgram('0', []);
  const nouns = program.commands.map(
    (noun) => `## ${noun.name()}\n\n${noun.description()}\n\n${verbs(noun, ['countersign']).join('\n\n')}`,
  );
  return `# The command line

${MADE} \`npx countersign\` without a word says the same.

## Of every command

${table(['option', 'what it does'], optionRows(program.options))}

${nouns.join('\n\n')}
`;
}

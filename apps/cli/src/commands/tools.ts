import { readFileSync } from 'node:fs';
import { Option, type Command } from 'commander';
import type { Declaration } from '@countersign/mcp-tools';
import { ServerConnection, type ServerPlace } from '@countersign/mcp-tools/client';
import { optionsOf, show } from '../context.js';
import { CliError, EXIT } from '../errors.js';
import { importPackage, type ImportedPackage } from '../mcp-package.js';
import { note } from '../output.js';

interface Options {
  name: string;
  dir?: string;
  role: string[];
  approver: string[];
  tokenFile?: string;
  tokenVariable?: string;
  env: string[];
  update?: boolean;
}

/** What is given takes the place of what holds without it. */
const several =
  (otherwise: readonly string[]) =>
  (one: string, before: readonly string[]): string[] => [...(before === otherwise ? [] : before), one];
const ROLES = ['support-agent', 'support-lead'];
const APPROVERS = ['support-lead'];
const NO_ENV: string[] = [];
const TIMEOUT_MS = 60_000;

export function registerTools(program: Command): void {
  const parent = program.command('tools').description('tools: those of somebody else, governed like our own');
  parent
    .command('import-mcp')
    .argument(
      '<server...>',
      'a URL of streamable HTTP; or, behind --, a command that speaks over its standard input and output',
    )
    .description('reads the tools of an MCP server and writes a workflow package that denies everybody, to be reviewed')
    .requiredOption('--name <name>', 'of the workflow and its target, in kebab-case, such as team-files')
    .option('--dir <folder>', 'where the package is, or goes; ./<name> if absent')
    .addOption(
      new Option('--role <role>', 'who may start it; may be given several times')
        .argParser(several(ROLES))
        .default(ROLES),
    )
    .addOption(
      new Option('--approver <role>', 'who decides on what nobody vouches for')
        .argParser(several(APPROVERS))
        .default(APPROVERS),
    )
    .option('--token-file <file>', "the server's credential; it is not written into the package")
    .option('--token-variable <NAME>', 'the environment variable in which a command takes it')
    .addOption(
      new Option('--env <NAME=value>', 'what a command is started with; may be given several times')
        .argParser(several(NO_ENV))
        .default(NO_ENV),
    )
    .option('--update', 'takes over what the server declares now; a tool that changed may be called by nobody again')
    .action(async (server: string[], _: unknown, command: Command) => {
      const options = optionsOf<Options>(command);
      const place = placeOf(server, options);
      const found = await declaredBy(place, options);
      const made = importPackage({ ...options, place, dir: options.dir ?? options.name, ...found });
      show(command, made, textOf);
      if (made.drift.length > 0 && !options.update)
        throw new CliError(
          `${made.drift.length} of its tools are not as they were reviewed.`,
          EXIT.gateFailed,
          'They are not called until then. Review what changed: run it again with --update, then look at tools.yaml.',
        );
    });
}

function placeOf([first = '', ...args]: string[], { name, tokenVariable, env: given }: Options): ServerPlace {
  if (!/^[a-z][a-z0-9-]{0,63}$/.test(name))
    throw new CliError(`${name} is no name in kebab-case.`, EXIT.usage, 'Name it like team-files.');
  const env = Object.fromEntries(given.map((one) => [one.split('=', 1)[0]!, one.slice(one.indexOf('=') + 1)]));
  const odd = given.find((one) => !/^[A-Za-z_]\w*=/.test(one));
  if (odd !== undefined)
    throw new CliError(`--env ${odd.slice(0, 50)} names no variable.`, EXIT.usage, 'Give it as NAME=value.');
  const more = { ...(tokenVariable ? { tokenVariable } : {}), ...(given.length > 0 ? { env } : {}) };
  if (!/^https?:/.test(first)) return { command: first, args, ...more };
  if (URL.canParse(first) && args.length === 0) return { url: first };
  throw new CliError(`${[first, ...args].join(' ')} is no URL.`, EXIT.usage, 'Give one URL, or a command behind --.');
}

async function declaredBy(
  place: ServerPlace,
  { tokenFile }: Options,
): Promise<{ server: { name: string; version: string }; declared: Declaration[] }> {
  const token = tokenFile === undefined ? undefined : tokenIn(tokenFile);
  const timeout = { timeoutMs: TIMEOUT_MS };
  note(`asking ${'url' in place ? place.url : place.command} for its tools`);
  let connection: ServerConnection;
  try {
    connection = await ServerConnection.open(place, { token, ...timeout });
  } catch (error) {
    throw new CliError(
      `The server did not answer as one of MCP: ${(error as Error).message.split('\n')[0]!.slice(0, 200)}`,
      EXIT.unexpected,
      'Look whether the command runs by itself, or the URL ends in the path of its MCP endpoint; --token-file gives a credential.',
    );
  }
  try {
    return { server: connection.about(), declared: await connection.list({ timeout: TIMEOUT_MS }) };
  } finally {
    await connection.close();
  }
}

function tokenIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw new CliError(`${file} cannot be read.`, EXIT.usage, 'Name the file that holds the credential.');
  }
}

function textOf({ folder, files, tools, left, drift, start }: ImportedPackage): string {
  const width = Math.max(...tools.map(({ name }) => name.length), 4);
  const lines = tools.map(
    ({ name, effect, callers }) =>
      `${name.padEnd(width)}  ${effect.padEnd(6)}  ${callers.length > 0 ? callers.join(', ') : 'nobody yet'}`,
  );
  return [
    ...(files.length > 0 ? [`written to ${folder}: ${files.join(', ')}`, ''] : []),
    `${'tool'.padEnd(width)}  effect  may be called by`,
    ...lines,
    ...left.map(({ remote, because }) => `left out: ${remote} (${because})`),
    ...drift.map(({ name, what }) => `${what}: ${name}`),
    '',
    `Review ${folder}/tools.yaml and name roles in it. Then: ${start}`,
  ].join('\n');
}

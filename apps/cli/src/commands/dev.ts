import path from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { demoTable, runDemo, type DemoRow } from '@countersign/demo';
import {
  requirePrerequisites,
  startSystem,
  type Progress,
  type System,
  type SystemOptions,
} from '@countersign/embedded';
import { devToken } from '@countersign/embedded/places';
import { optionsOf } from '../context.js';
import { nextText, placesText, readyLine } from '../dev-text.js';
import { CliError, EXIT } from '../errors.js';
import { note, print, printJson } from '../output.js';
import { announce } from '../state-file.js';
import { toldToStop } from '../stop-signal.js';

interface DevOptions {
  json?: boolean;
  once?: boolean;
  demo: boolean;
  data?: string;
  port?: number;
  secure?: boolean;
}

const DEFAULT_PORT = 8080;

function portNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65_535) throw new InvalidArgumentError('a port from 1 to 65535');
  return value;
}

export function registerDev(program: Command): void {
  program
    .command('dev')
    .description('start the whole system on this machine, play the demo, stay up')
    .option('--once', 'stop after the table; exit 0 only if each row is as it should be')
    .option('--no-demo', 'start and play nothing')
    .option('--data <dir>', 'keep the data there, and take it up again')
    .option('--port <n>', `the gateway's port (PORT; else ${DEFAULT_PORT})`, portNumber)
    .option('--secure', 'SASL and ACLs on the embedded broker (docs/kafka-acls.md)')
    .action(dev);
}

async function dev(_: unknown, command: Command): Promise<void> {
  const options = optionsOf<DevOptions>(command);
  const settings = systemOptions(options, process.env);
  if (!settings.kafkaBrokers) requirePrerequisites();
  const stopped = toldToStop();
  const began = performance.now();
  const system = await Promise.race([startSystem({ ...settings, onProgress: progress }), stopped]);
  // Told to stop while it starts: everything that was started goes with this process.
  if (!system) return requireWhole(options);
  note(`  ready ${since(began)}`);
  await run(system, options, stopped);
}

/** What of the command line and the environment the system is started with. */
export function systemOptions(
  { data, port, secure }: Pick<DevOptions, 'data' | 'port' | 'secure'>,
  env: NodeJS.ProcessEnv,
): SystemOptions {
  const { KAFKA_BROKERS: kafkaBrokers, DATABASE_URL: databaseUrl } = env;
  if (secure && kafkaBrokers)
    throw new CliError(
      '--secure is of the embedded broker, and KAFKA_BROKERS names one of your own.',
      EXIT.usage,
      'Start without --secure: KAFKA_SASL_* and <ROLE>_KAFKA_SASL_* say who comes there (docs/kafka-acls.md).',
    );
  return {
    ports: { gateway: port ?? portSetting(env['PORT']) },
    // The bootstrap works in the workspace's folder; a path is meant from where the command was given.
    ...(data ? { dataDir: path.resolve(env['INIT_CWD'] ?? process.cwd(), data) } : {}),
    ...(secure ? { secure } : {}),
    ...(kafkaBrokers ? { kafkaBrokers } : {}),
    ...(databaseUrl ? { databaseUrl } : {}),
  };
}

function portSetting(text: string | undefined): number {
  if (!text) return DEFAULT_PORT;
  try {
    return portNumber(text);
  } catch {
    throw new CliError(`PORT is ${text}, not a port from 1 to 65535.`, EXIT.usage);
  }
}

/** From ready to stopped. */
async function run(system: System, options: DevOptions, stopped: Promise<void>): Promise<void> {
  const withdraw = announce(system);
  const report = reportDeaths(system);
  try {
    const rows = options.demo ? await Promise.race([playDemo(system, options), stopped]) : [];
    if (!rows) return requireWhole(options);
    if (options.json) printJson(readyLine(system.urls, system.pids(), rows));
    else if (!options.once)
      print(`\n${placesText(system, Boolean(process.env['OPENAI_API_KEY']))}\n\n${nextText(rows)}`);
    if (options.once) return requireAsItShouldBe(rows, options.demo);
    await stopped;
  } finally {
    note('  stopping ...');
    report.stop();
    withdraw();
    await system.stop();
  }
}

/** `--once` that was interrupted has shown nothing. */
function requireWhole({ once }: DevOptions): void {
  if (once) throw new CliError('Stopped before the demo had ended.', EXIT.unexpected);
}

function progress({ step, seconds, note: told }: Progress): void {
  if (told) note(`  ${step}: ${told}`);
  if (seconds !== undefined) note(`  ${step} ${seconds.toFixed(1)} s`);
}

async function playDemo(system: System, options: DevOptions): Promise<DemoRow[]> {
  const began = performance.now();
  try {
    const rows = await demo(system);
    note(`  demo ${since(began)}`);
    if (options.json) for (const row of rows) for (const flaw of row.wrong) note(`NO  ${row.intent}: ${flaw}`);
    else print(demoTable(rows));
    return rows;
  } catch (error) {
    if (options.once) throw error;
    note(`The demo could not be played: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}

const demo = ({ urls, topicPrefix, helpdeskToken, kafkaAs }: System) =>
  runDemo({
    gateway: urls.gateway,
    helpdesk: urls.helpdesk,
    kafka: { product: kafkaAs('product'), sre: kafkaAs('sre') },
    topicPrefix,
    token: (user) => devToken(urls.identity, user),
    helpdeskToken: helpdeskToken('acme'),
    onRow: ({ ok, intent }) => note(`  ${ok ? 'ok' : 'NO'} ${intent}`),
  });

/** What `--once` exits with 0 for. */
export function requireAsItShouldBe(rows: Pick<DemoRow, 'ok'>[], played: boolean): void {
  const wrong = rows.filter(({ ok }) => !ok).length;
  if (played && (wrong > 0 || rows.length === 0)) {
    throw new CliError(
      `${wrong} of ${rows.length} rows of the demo are not as they should be.`,
      EXIT.unexpected,
      'Look at the rows marked NO; --data DIR keeps the logs.',
    );
  }
}

function reportDeaths(system: System): { stop(): void } {
  const report = (event: { type: string; instance: string; cause?: string }) => {
    if (event.type === 'died') note(`  ${event.instance} died (${event.cause}); it is started again`);
  };
  system.events.on('event', report);
  return { stop: () => void system.events.off('event', report) };
}

const since = (began: number) => `${((performance.now() - began) / 1000).toFixed(1)} s`;

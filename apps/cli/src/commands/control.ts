import { InvalidArgumentError, Option, type Command } from 'commander';
import { topicName } from '@countersign/contracts';
import { topicPrefix } from '../connection.js';
import { connect, optionsOf, show } from '../context.js';
import { ApiError, CliError, EXIT } from '../errors.js';
import { fields } from '../output.js';

/** Whom a change was heard by, and what it left open. */
interface Heard {
  scope?: string;
  killed?: boolean;
  stage?: string;
  inForce: boolean;
  epoch?: number | null;
  tookMs?: number | null;
  applied?: { acknowledged: number; instances: number };
  inDoubt?: string[];
}

export interface ChangeOptions {
  reason: string;
  wait?: number;
}

function waitSeconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 30)) throw new InvalidArgumentError('a number of seconds above 0, at most 30');
  return value;
}

/** What every verb that changes a switch or stage is told. */
export const changeOptions = (command: Command): Command =>
  command
    .requiredOption('--reason <text>', 'why; everybody sees it')
    .addOption(
      new Option('--wait [seconds]', 'hold until it is in force, 5 s if not said; exit 4 if it is not by then')
        .preset('5')
        .argParser(waitSeconds),
    );

export const heardText = (applied: Heard['applied']) =>
  applied ? `${applied.acknowledged} of ${applied.instances}` : undefined;

/** Asks for a change, and says what became of it. `watch`: the command that shows it later. */
export async function change(command: Command, path: string, asked: object, watch: string): Promise<void> {
  const { reason, wait } = optionsOf<ChangeOptions>(command);
  const api = await connect(command);
  const body = { ...asked, reason, waitSeconds: wait ?? 0 };
  try {
    const answer = await api.call<Heard>(path, { method: 'PUT', body });
    show(command, answer, (heard) => (heard.inForce ? heardLines(heard) : publishedLines(heard, watch)));
  } catch (error) {
    throw notInForce(error, watch) ?? error;
  }
}

const heardLines = ({ scope, killed, stage, epoch, tookMs, applied, inDoubt }: Heard) =>
  fields({
    ...{ scope, killed, stage, 'in force': tookMs === null || tookMs === undefined ? 'yes' : `after ${tookMs} ms` },
    ...{ instances: `${heardText(applied)} heard`, 'in doubt': inDoubt?.length ? inDoubt.join(', ') : 'none', epoch },
  });

const publishedLines = ({ scope, killed, stage }: Heard, watch: string) =>
  `${fields({ scope, killed, stage, 'in force': 'published, not waited for' })}\n\nSee when it is: countersign ${watch}`;

/** 504 of a change: it may hold later. While nobody can be verified (503) nothing was asked for. */
export function notInForce(error: unknown, watch: string): CliError | undefined {
  if (!(error instanceof ApiError) || error.status !== 504) return undefined;
  const { detail, nextStep, applied } = error.problem as Partial<Heard> & { detail?: string; nextStep?: string };
  const heard = applied ? `; ${heardText(applied)} instances were heard` : '';
  return new CliError(
    `NOT IN FORCE: ${detail ?? 'no answer'}${heard}.`,
    EXIT.notInForce,
    `${nextStep ?? 'Try again.'} Watch it with \`countersign ${watch}\`.`,
  );
}

/** Stopping must work without the gateway: the same error, with the way around it. A refusal has no way around. */
export function withTopic(error: unknown, scope: string, reason: string): unknown {
  if (!(error instanceof CliError) || error.exitCode !== EXIT.unexpected) return error;
  if (error instanceof ApiError && error.status < 500) return error;
  const value = JSON.stringify({ killed: true, reason });
  const way = `Any Kafka client can trip it, without a token: topic ${topicName('control', topicPrefix())}, key ${scope}, value ${value}`;
  return new CliError(error.message, error.exitCode, [error.nextStep, way].filter(Boolean).join('\n      '));
}

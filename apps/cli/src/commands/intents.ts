import { createHash, randomUUID } from 'node:crypto';
import { InvalidArgumentError, type Command } from 'commander';
import type { Api } from '../api.js';
import { segment } from '../api.js';
import { connect, optionsOf, show } from '../context.js';
import { CliError, EXIT } from '../errors.js';
import { cell, fields, note, table } from '../output.js';

export interface ActionState {
  actionId: string;
  intentId?: string;
  tool: string;
  state: string;
  outcome?: string | null;
  code?: string | null;
  detail?: string | null;
  nextStep?: string | null;
}

interface IntentState {
  intentId: string;
  state: string;
  outcome?: string | null;
  code?: string | null;
  detail?: string | null;
  nextStep?: string | null;
  reply?: string | null;
  actions?: ActionState[];
}

interface Accepted {
  intentId: string;
  actionId?: string;
  session: string;
}

interface SendOptions {
  workflow: string;
  session?: string;
  key?: string;
  wait?: number;
  subject?: { type: string; id: string };
}

export const seconds = (text: string) => {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0 || value > 60)
    throw new InvalidArgumentError('a number of seconds from 0 to 60');
  return value;
};

function subjectOf(text: string): { type: string; id: string } {
  const [type, id] = [text.slice(0, text.indexOf(':')), text.slice(text.indexOf(':') + 1)];
  if (!text.includes(':') || !type || !id) throw new InvalidArgumentError('TYPE:ID, such as order:ord_1001');
  return { type, id };
}

export function registerIntents(program: Command): void {
  const intents = program.command('intents').description('what users ask for');
  intents
    .command('send')
    .argument('<text>', 'what the user says')
    .description('publish an intent')
    .option('--workflow <name>', 'the workflow to run', 'support-desk')
    .option('--session <id>', 'the conversation it belongs to')
    .option('--key <key>', 'idempotency key: the same key is the same intent')
    .option('--subject <type:id>', 'the record it is about', subjectOf)
    .option('--wait <seconds>', 'hold until it ends', seconds)
    .action(send);
  intents
    .command('show')
    .argument('<intentId>')
    .description('state, outcome and reply of an intent')
    .option('--wait <seconds>', 'hold until it ends', seconds)
    .action(async (intentId: string, _: unknown, command: Command) => {
      const state = await intentState(await connect(command), intentId, optionsOf<SendOptions>(command).wait);
      show(command, state, intentText);
    });
}

async function send(text: string, _: unknown, command: Command): Promise<void> {
  const { workflow, session, key, subject, wait } = optionsOf<SendOptions>(command);
  const api = await connect(command);
  const body = { workflow, session: sessionOf(session, key), text, ...(subject ? { subject } : {}) };
  const accepted = await publish(api, '/v1/intents', body, key);
  if (wait === undefined) return show(command, accepted, fieldsOf);
  const state = await intentState(api, accepted.intentId, wait);
  show(command, state, intentText);
  requireAllowed(state);
}

export const publish = (api: Api, path: string, body: object, key: string | undefined): Promise<Accepted> =>
  api.call<Accepted>(path, { method: 'POST', body, headers: { 'idempotency-key': key ?? randomUUID() } });

/** The one that was named; else one for each request, and the same one for the same key, since what a key repeats has to be the same request. */
export function sessionOf(session: string | undefined, key: string | undefined): string {
  if (session !== undefined) return session;
  return key === undefined ? randomUUID() : `key-${createHash('sha256').update(key).digest('hex').slice(0, 32)}`;
}

export const fieldsOf = (answer: object) => fields({ ...answer });

const intentState = (api: Api, intentId: string, wait: number | undefined) =>
  api.call<IntentState>(`/v1/intents/${segment(intentId)}`, { query: { wait } });

/** Exit 6 if what was asked for was not let through, so that scripts can tell. */
export function requireAllowed({ state, code, detail, nextStep, actions = [] }: IntentState): void {
  const denied =
    state === 'refused' ? { code, detail, nextStep } : actions.findLast(({ outcome }) => outcome === 'denied');
  if (denied)
    throw new CliError(`${cell(denied.code)}: ${cell(denied.detail)}`, EXIT.denied, denied.nextStep ?? undefined);
  if (state === 'accepted' || state === 'waiting') note(`It has not ended yet: it is ${state}.`);
}

function intentText(state: IntentState): string {
  const { intentId, outcome, code, detail, nextStep, reply, actions = [] } = state;
  const head = fields({
    intent: intentId,
    state: state.state,
    outcome: outcome ?? undefined,
    code: code ?? undefined,
    detail: detail ?? undefined,
    next: nextStep ?? undefined,
    reply: reply ?? undefined,
  });
  const rows = actions.map((action) => [action.actionId, action.tool, action.state, action.outcome, action.code]);
  return rows.length ? `${head}\n\n${table(['action', 'tool', 'state', 'outcome', 'code'], rows)}` : head;
}

import { InvalidArgumentError, type Command } from 'commander';
import { segment } from '../api.js';
import { connect, optionsOf, show } from '../context.js';
import { fieldsOf, publish, requireAllowed, seconds, sessionOf, type ActionState } from './intents.js';

interface SendOptions {
  workflow: string;
  args: Record<string, unknown>;
  arg: Record<string, unknown>;
  session?: string;
  key?: string;
  wait?: number;
  dryRun?: boolean;
  rationale?: string;
}

function jsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : 'not JSON');
  }
  throw new InvalidArgumentError('a JSON object, such as \'{"orderId":"ord_1001"}\'');
}

function pair(text: string, before: Record<string, unknown>): Record<string, unknown> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('NAME=VALUE, such as orderId=ord_1001');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

export function registerActions(program: Command): void {
  const actions = program.command('actions').description('single tool calls under the same rules');
  actions
    .command('send')
    .argument('<tool>', 'the tool to call')
    .description('ask for one tool call; no model is asked')
    .option('--args <json>', 'its arguments as a JSON object', jsonObject, {})
    .option('--arg <name=value>', 'one argument, as text; may be repeated', pair, {})
    .option('--workflow <name>', 'the workflow it belongs to', 'support-desk')
    .option('--session <id>', 'the conversation it belongs to')
    .option('--key <key>', 'idempotency key: the same key is the same request')
    .option('--dry-run', 'compute what would change and commit nothing')
    .option('--rationale <text>', 'why')
    .option('--wait <seconds>', 'hold until it ends', seconds)
    .action(send);
  actions
    .command('show')
    .argument('<actionId>')
    .description('state and outcome of an action')
    .option('--wait <seconds>', 'hold until it ends', seconds)
    .action(async (actionId: string, _: unknown, command: Command) => {
      const { wait } = optionsOf<SendOptions>(command);
      show(
        command,
        await (await connect(command)).call<ActionState>(`/v1/actions/${segment(actionId)}`, { query: { wait } }),
        fieldsOf,
      );
    });
}

async function send(tool: string, _: unknown, command: Command): Promise<void> {
  const { workflow, args, arg, session, key, wait, dryRun, rationale } = optionsOf<SendOptions>(command);
  const api = await connect(command);
  const body = {
    ...{ workflow, session: sessionOf(session, key), tool, arguments: { ...args, ...arg } },
    ...(dryRun ? { dry_run: true } : {}),
    ...(rationale ? { rationale } : {}),
  };
  const accepted = await publish(api, '/v1/actions', body, key);
  if (wait === undefined || accepted.actionId === undefined) return show(command, accepted, fieldsOf);
  const state = await api.call<ActionState>(`/v1/actions/${segment(accepted.actionId)}`, { query: { wait } });
  show(command, state, fieldsOf);
  requireAllowed({ intentId: accepted.intentId, state: state.state, actions: [state] });
}

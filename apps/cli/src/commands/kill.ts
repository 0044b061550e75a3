import type { Command } from 'commander';
import { segment } from '../api.js';
import { connect, optionsOf, show } from '../context.js';
import { table } from '../output.js';
import { change, changeOptions, heardText, withTopic, type ChangeOptions } from './control.js';

interface Switch {
  scope: string;
  killed: boolean;
  reason: string | null;
  by: string | null;
  at: string | null;
  inForce: boolean;
  tookMs: number | null;
  applied: { acknowledged: number; instances: number };
  inDoubt?: string[];
}
type KillOptions = ChangeOptions & { scope: string };

const SCOPES = '*, tenant/<id>, workflow/<name> or tool/<name>';

export function registerKill(program: Command): void {
  const kill = program.command('kill').description('stop what is committed, now, and let it go on again');
  changeOptions(kill.command('on').description('trip a switch').requiredOption('--scope <scope>', SCOPES)).action(
    async (_: unknown, command: Command) => {
      const { scope, reason } = optionsOf<KillOptions>(command);
      try {
        await set(command, scope, true);
      } catch (error) {
        throw withTopic(error, topicKey(scope), reason);
      }
    },
  );
  changeOptions(
    kill.command('off').description('re-arm a switch; needs the role sre').requiredOption('--scope <scope>', SCOPES),
  ).action((_: unknown, command: Command) => set(command, optionsOf<KillOptions>(command).scope, false));
  kill
    .command('status')
    .description('every switch: who, when, why and how many instances have heard of it')
    .option('--scope <scope>', 'this one alone')
    .action(status);
}

const topicKey = (scope: string) => (scope.startsWith('kill/') ? scope : `kill/${scope}`);

const set = (command: Command, scope: string, killed: boolean) =>
  change(command, `/v1/control/kill/${segment(scope)}`, { killed }, `kill status --scope '${scope}'`);

async function status(_: unknown, command: Command): Promise<void> {
  const { scope } = optionsOf<{ scope?: string }>(command);
  const { switches } = await (await connect(command)).call<{ switches: Switch[] }>('/v1/control');
  const named = switches.filter((each) => scope === undefined || each.scope === topicKey(scope));
  show(command, { switches: named }, (shown) => statusText(shown.switches));
}

/** Those that are on come first: what is stopped is what people look for. */
export function statusText(switches: Switch[]): string {
  const rows = [...switches.filter(({ killed }) => killed), ...switches.filter(({ killed }) => !killed)].map((each) => [
    each.scope,
    each.killed ? 'KILLED' : 'armed',
    ...[each.at, each.by, each.reason, inForceText(each), heardText(each.applied), each.inDoubt?.join(', ')],
  ]);
  return table(
    ['scope', 'state', 'since', 'by', 'reason', 'in force', 'heard', 'in doubt'],
    rows,
    'No switch was ever tripped.',
  );
}

const inForceText = ({ inForce, tookMs }: Switch) => (inForce ? `after ${tookMs ?? '?'} ms` : 'not yet');

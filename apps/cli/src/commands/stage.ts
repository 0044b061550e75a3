import { Option, type Command } from 'commander';
import { STAGES } from '@countersign/contracts';
import { segment } from '../api.js';
import { connect, optionsOf, show } from '../context.js';
import { table } from '../output.js';
import { change, changeOptions, heardText, type ChangeOptions } from './control.js';

interface StageShown {
  workflow: string;
  tenant: string | null;
  stage: string;
  reason: string | null;
  by: string | null;
  at: string | null;
  inForce: boolean;
  applied: { acknowledged: number; instances: number };
}
type StageOptions = ChangeOptions & { workflow: string; tenant?: string; stage: string };

export function registerStage(program: Command): void {
  const stage = program.command('stage').description('how far a workflow may go');
  changeOptions(
    stage
      .command('set')
      .description('for all tenants or for one; needs the role sre or release')
      .requiredOption('--workflow <name>', 'the workflow')
      .option('--tenant <id>', 'for this tenant alone, whatever holds for all')
      .addOption(new Option('--stage <stage>', 'how far').choices(STAGES).makeOptionMandatory()),
  ).action((_: unknown, command: Command) => {
    const { workflow, tenant, stage: named } = optionsOf<StageOptions>(command);
    const asked = { stage: named, ...(tenant === undefined ? {} : { tenant }) };
    return change(command, `/v1/control/stage/${segment(workflow)}`, asked, 'stage show');
  });
  stage
    .command('show')
    .description('every stage that was set, by whom, when and why')
    .option('--workflow <name>', 'of this workflow alone')
    .action(async (_: unknown, command: Command) => {
      const { workflow } = optionsOf<Partial<StageOptions>>(command);
      const { stages } = await (await connect(command)).call<{ stages: StageShown[] }>('/v1/control');
      const named = stages.filter((each) => workflow === undefined || each.workflow === workflow);
      show(command, { stages: named }, (shown) => stagesText(shown.stages));
    });
}

export function stagesText(stages: StageShown[]): string {
  const rows = stages.map((each) => [
    ...[each.workflow, each.tenant ?? 'all', each.stage, each.at, each.by, each.reason],
    ...[each.inForce ? 'yes' : 'not yet', heardText(each.applied)],
  ]);
  const head = ['workflow', 'tenant', 'stage', 'since', 'by', 'reason', 'in force', 'heard'];
  return table(head, rows, 'No stage was ever set: every workflow is read-only.');
}

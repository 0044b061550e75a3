import { InvalidArgumentError, type Command } from 'commander';
import { optionsOf, show } from '../context.js';
import { writeWorkflow } from '../workflow-template.js';

function workflowName(text: string): string {
  if (/^[a-z][a-z0-9-]{0,63}$/.test(text)) return text;
  throw new InvalidArgumentError('a name in kebab-case, such as ticket-desk');
}

export function registerWorkflow(program: Command): void {
  program
    .command('workflow')
    .description('workflows: what the model is told, its tools and its rules, as a package')
    .command('new')
    .argument('<name>', 'in kebab-case, such as ticket-desk', workflowName)
    .description('writes a workflow that runs with no change to any service: two tools on helpdesk, to start from')
    .option('--dir <folder>', 'where to write it; ./<name> if absent')
    .action((name: string, _: unknown, command: Command) => {
      const { dir = name } = optionsOf<{ dir?: string }>(command);
      const { folder, files } = writeWorkflow(name, dir);
      const start = `COUNTERSIGN_WORKFLOWS=@countersign/support-desk,${folder} npm start`;
      show(command, { name, folder, files, start }, () => `${files.join('\n')}\n\nRun it: ${start}`);
    });
}

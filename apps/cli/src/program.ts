import { Command } from 'commander';
import { registerActions } from './commands/actions.js';
import { registerApprovals } from './commands/approvals.js';
import { registerArchive } from './commands/archive.js';
import { registerAudit } from './commands/audit.js';
import { registerDev } from './commands/dev.js';
import { registerEvals } from './commands/evals.js';
import { registerFigures } from './commands/figures.js';
import { registerInDoubt } from './commands/in-doubt.js';
import { registerIncidents } from './commands/incidents.js';
import { registerIntents } from './commands/intents.js';
import { registerKill } from './commands/kill.js';
import { registerOperate } from './commands/operate.js';
import { registerPolicy } from './commands/policy.js';
import { registerRelease } from './commands/release.js';
import { registerSchema } from './commands/schema.js';
import { registerStage } from './commands/stage.js';
import { registerTail } from './commands/tail.js';
import { registerSubjects } from './commands/subjects.js';
import { registerToken } from './commands/token.js';
import { registerTools } from './commands/tools.js';
import { registerTraces } from './commands/traces.js';
import { registerWorkflow } from './commands/workflow.js';

/** All nouns and verbs. Nothing ends the process from inside: `main.ts` does. */
export function createProgram(version: string): Command {
  const program = new Command('countersign')
    .description(
      'Every action a model proposes is countersigned by policy, and where policy says so by a person, before it commits.',
    )
    .version(version)
    .option('--url <url>', "the gateway's origin (COUNTERSIGN_URL; else the system `dev` runs here)")
    .option('--token <jwt>', 'a bearer token (COUNTERSIGN_TOKEN)')
    .option('--as <user>', 'be one of the embedded identity provider\u2019s people, such as alice')
    .option('--json', 'answers as JSON')
    .showHelpAfterError('(countersign --help shows what there is)')
    .exitOverride();
  for (const register of [
    registerDev,
    registerIntents,
    registerActions,
    registerTail,
    registerApprovals,
    registerKill,
    registerStage,
    registerTraces,
    registerSubjects,
    registerInDoubt,
    registerOperate,
    registerFigures,
    registerToken,
    registerPolicy,
    registerEvals,
    registerRelease,
    registerIncidents,
    registerSchema,
    registerWorkflow,
    registerTools,
    registerArchive,
    registerAudit,
  ]) {
    register(program);
  }
  return program;
}

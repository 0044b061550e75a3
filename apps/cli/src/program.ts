import { Command } from 'commander';

type Register = (program: Command) => unknown;

/** Which nouns each file of commands has, in the order of `--help`. A file is read when one of its nouns is said. */
const COMMANDS: [nouns: string[], load: () => Promise<Register>][] = [
  [['dev'], async () => (await import('./commands/dev.js')).registerDev],
  [['intents'], async () => (await import('./commands/intents.js')).registerIntents],
  [['actions'], async () => (await import('./commands/actions.js')).registerActions],
  [['tail'], async () => (await import('./commands/tail.js')).registerTail],
  [['approvals'], async () => (await import('./commands/approvals.js')).registerApprovals],
  [['kill'], async () => (await import('./commands/kill.js')).registerKill],
  [['stage'], async () => (await import('./commands/stage.js')).registerStage],
  [['traces', 'explain'], async () => (await import('./commands/traces.js')).registerTraces],
  [['subjects'], async () => (await import('./commands/subjects.js')).registerSubjects],
  [['in-doubt'], async () => (await import('./commands/in-doubt.js')).registerInDoubt],
  [['parked'], async () => (await import('./commands/operate.js')).registerOperate],
  [['metrics', 'audit'], async () => (await import('./commands/figures.js')).registerFigures],
  [['token'], async () => (await import('./commands/token.js')).registerToken],
  [['policy'], async () => (await import('./commands/policy.js')).registerPolicy],
  [['evals'], async () => (await import('./commands/evals.js')).registerEvals],
  [['release'], async () => (await import('./commands/release.js')).registerRelease],
  [['incidents'], async () => (await import('./commands/incidents.js')).registerIncidents],
  [['schema'], async () => (await import('./commands/schema.js')).registerSchema],
  [['workflow'], async () => (await import('./commands/workflow.js')).registerWorkflow],
  [['tools'], async () => (await import('./commands/tools.js')).registerTools],
  [['audit'], async () => (await import('./commands/archive.js')).registerArchive],
  [['audit'], async () => (await import('./commands/audit.js')).registerAudit],
];

/** The nouns among these words and their verbs, or all where there is none. Nothing ends the process from inside: `main.ts` does. */
export async function createProgram(version: string, words: readonly string[]): Promise<Command> {
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
  const said = COMMANDS.filter(([nouns]) => nouns.some((noun) => words.includes(noun)));
  for (const [, load] of said.length > 0 ? said : COMMANDS) (await load())(program);
  return program;
}

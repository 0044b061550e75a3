import { parseArgs } from 'node:util';
import { MODEL_MODES, type ModelMode, type Prices } from '@countersign/evals';

export interface Options {
  /** Names of workflows; all loaded ones if none. */
  workflow: string[];
  /** Ids, or parts of titles. */
  case: string[];
  tag: string[];
  model: ModelMode;
  repeat: number;
  concurrency: number;
  boundary: boolean;
  real: boolean;
  json: boolean;
  github: boolean;
  junit?: string | undefined;
  report?: string | undefined;
  key?: string | undefined;
  baseline?: string | undefined;
  /** A commit: only what is touched since. */
  changed?: string | undefined;
  prices?: Prices | undefined;
}

/** Told to whoever typed it. */
export class WrongUsage extends Error {}
/** Asked for with `--help`. */
export class Help extends Error {
  override message = HELP;
}

const HELP = `countersign evals run: a workflow's cases, on its real handlers and tools

  --workflow NAME       of this workflow alone; may stand several times, as --case and --tag may
  --case TEXT           whose id it is, or whose title has it
  --tag WORD
  --changed REF         of workflows that are touched since a commit, by themselves or by what they depend on; none is no fault
  --model MODE          recorded (as the cases say; the default), stand-in, or live (OPENAI_API_KEY, OPENAI_MODEL, OPENAI_BASE_URL)
  --repeat N            each case N times: pass^k, and what the model took
  --prices CUR:IN:OUT   of a million tokens, such as EUR:2.50:10.00
  --baseline FILE       a report of before, to compare with; REF:FILE as git has it
  --concurrency N       so many cases at once (16)
  --real                through a whole system on a real Kafka, one case at a time: slow, and it releases nothing
  --no-boundary         without the cases that are made from the permission map
  --report FILE         writes the report; signed where a release key is given, which is what \`release publish\` takes
  --key FILE            the release key (COUNTERSIGN_RELEASE_KEY_FILE)
  --json                the report on stdout, in the place of the table
  --junit FILE          writes JUnit XML
  --github              marks failing cases as annotations, and writes the step summary

The last line is the verdict. Exit: 0 pass, 3 fail, 7 error or no case, 2 a command line that means nothing.`;

const OPTIONS = {
  workflow: { type: 'string', multiple: true, default: [] as string[] },
  case: { type: 'string', multiple: true, default: [] as string[] },
  tag: { type: 'string', multiple: true, default: [] as string[] },
  model: { type: 'string', default: 'recorded' },
  repeat: { type: 'string', default: '1' },
  concurrency: { type: 'string', default: '16' },
  'no-boundary': { type: 'boolean', default: false },
  real: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  github: { type: 'boolean', default: false },
  junit: { type: 'string' },
  report: { type: 'string' },
  key: { type: 'string' },
  baseline: { type: 'string' },
  changed: { type: 'string' },
  prices: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

/** Throws `WrongUsage` for what is no option, or none of its values. */
export function optionsOf(argv: string[]): Options {
  const { 'no-boundary': noBoundary, prices, help, ...values } = parsed(argv);
  if (help) throw new Help();
  return {
    ...values,
    model: modelOf(values.model),
    repeat: countOf('--repeat', values.repeat, 1_000),
    concurrency: countOf('--concurrency', values.concurrency, 256),
    boundary: !noBoundary,
    ...(prices === undefined ? {} : { prices: pricesOf(prices) }),
  };
}

/** `EUR:2.50:10.00`: a currency, then what a million tokens of prompt and of answer cost. */
function pricesOf(given: string): Prices {
  const [, currency, promptPerMillion, completionPerMillion] =
    /^([A-Z]{3}):(\d{1,9}(?:\.\d{1,9})?):(\d{1,9}(?:\.\d{1,9})?)$/.exec(given) ?? [];
  if (!currency || !promptPerMillion || !completionPerMillion)
    throw new WrongUsage(
      `--prices is CURRENCY:PROMPT:ANSWER for a million tokens, such as EUR:2.50:10.00, not ${given}`,
    );
  return { currency, promptPerMillion, completionPerMillion };
}

function parsed(argv: string[]) {
  try {
    return parseArgs({ args: argv, options: OPTIONS, strict: true }).values;
  } catch (error) {
    throw new WrongUsage((error as Error).message);
  }
}

function modelOf(given: string): ModelMode {
  const found = MODEL_MODES.find((mode) => mode === given);
  if (!found) throw new WrongUsage(`--model is one of ${MODEL_MODES.join(', ')}, not ${given}`);
  return found;
}

function countOf(option: string, given: string, most: number): number {
  const count = Number(given);
  if (!Number.isInteger(count) || count < 1 || count > most)
    throw new WrongUsage(`${option} is a number from 1 to ${most}, not ${given}`);
  return count;
}

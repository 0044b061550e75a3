import { parseArgs } from 'node:util';

/** The way out goes with it. */
export class UsageError extends Error {}

export const GROWTHS = ['tenants', 'rules', 'tools', 'pending', 'audit', 'backlog'] as const;
export type Growth = (typeof GROWTHS)[number];

export type Options =
  | {
      form: 'compare';
      quick: boolean;
      peers: boolean;
      rounds: number;
      actions: number;
      seconds: number;
      results: string | undefined;
      profile: string | undefined;
    }
  | { form: 'cpu'; quick: boolean; profile: string | undefined }
  | { form: 'growth'; growths: readonly Growth[]; scale: number; results: string | undefined }
  | { form: 'decide'; results: string | undefined }
  | { form: 'soak'; minutes: number; results: string | undefined };

export const USAGE = `usage: npm run bench -- [--quick] [--peers] [--rounds N] [--actions N] [--seconds N] [--results DIR] [--profile DIR]
       npm run bench -- --cpu [--quick] [--profile DIR]
       npm run bench -- --growth [${GROWTHS.join('|')} ...] [--scale X] [--results DIR]
       npm run bench -- --decide [--results DIR]
       npm run bench -- --soak [--minutes N] [--results DIR]`;

const KNOWN = {
  quick: { type: 'boolean' },
  peers: { type: 'boolean' },
  rounds: { type: 'string' },
  actions: { type: 'string' },
  seconds: { type: 'string' },
  results: { type: 'string' },
  profile: { type: 'string' },
  cpu: { type: 'boolean' },
  growth: { type: 'boolean' },
  scale: { type: 'string' },
  decide: { type: 'boolean' },
  soak: { type: 'boolean' },
  minutes: { type: 'string' },
} as const;
type Name = keyof typeof KNOWN;

const FORMS = ['cpu', 'growth', 'decide', 'soak'] as const;
/** What each form takes besides its own name. */
const TAKES: Record<Options['form'], readonly Name[]> = {
  compare: ['quick', 'peers', 'rounds', 'actions', 'seconds', 'results', 'profile'],
  cpu: ['quick', 'profile'],
  growth: ['scale', 'results'],
  decide: ['results'],
  soak: ['minutes', 'results'],
};

/** @throws UsageError for an option there is not, one that does not go with the form, or a value that fits none */
export function optionsOf(argv: string[]): Options {
  const { values, positionals } = parsed(argv);
  const forms = FORMS.filter((form) => values[form]);
  if (forms.length > 1) throw new UsageError(`--${forms.join(' and --')} are runs of their own: name one`);
  const form = forms[0] ?? 'compare';
  const odd = (Object.keys(values) as Name[]).find((name) => name !== form && !TAKES[form].includes(name));
  if (odd) throw new UsageError(`--${odd} does not go with ${form === 'compare' ? 'the comparison' : `--${form}`}`);
  if (positionals.length > 0 && form !== 'growth') throw new UsageError(`what is ${positionals[0]}?`);
  const { quick = false, results, profile } = values;
  const whole = (name: Name, otherwise: number) => number(name, values[name] as string | undefined, otherwise, true);
  switch (form) {
    case 'cpu':
      return { form, quick, profile };
    case 'growth':
      return { form, growths: growthsOf(positionals), scale: number('scale', values.scale, 1, false), results };
    case 'decide':
      return { form, results };
    case 'soak':
      return { form, minutes: number('minutes', values.minutes, 10, false), results };
    case 'compare':
      return {
        ...{ form, quick, results, profile },
        peers: values.peers ?? !quick,
        rounds: whole('rounds', quick ? 2 : 5),
        actions: whole('actions', quick ? 3_000 : 10_000),
        seconds: whole('seconds', quick ? 10 : 30),
      };
  }
}

function parsed(argv: string[]) {
  try {
    return parseArgs({ args: argv, options: KNOWN, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message.split('. ')[0] ?? 'the options could not be read');
  }
}

function growthsOf(names: string[]): readonly Growth[] {
  const unknown = names.find((name) => !GROWTHS.some((growth) => growth === name));
  if (unknown) throw new UsageError(`there is no growth ${unknown}: ${GROWTHS.join(', ')}`);
  return names.length > 0 ? GROWTHS.filter((growth) => names.includes(growth)) : GROWTHS;
}

function number(name: Name, value: string | undefined, otherwise: number, whole: boolean): number {
  if (value === undefined) return otherwise;
  const read = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
  if (!(read > 0) || (whole && !Number.isInteger(read)))
    throw new UsageError(`--${name} ${value}: it has to be a ${whole ? 'whole ' : ''}number over 0`);
  return read;
}

export const VERDICTS = ['pass', 'fail', 'error', 'skip'] as const;
export const CHANGES = ['newly-failing', 'newly-passing', 'new', 'gone', 'unchanged'] as const;
export type CaseVerdict = (typeof VERDICTS)[number];
export type Change = (typeof CHANGES)[number];

export interface EvalsSearch {
  /** Of the list of runs. */
  workflow?: string;
  /** The run that is looked at, and the one it is compared with; `none`: with no other. */
  run?: string;
  baseline?: string;
  /** Which of its cases. */
  verdict?: CaseVerdict;
  change?: Change;
  tag?: string;
  text?: string;
  /** The case that is looked at. */
  case?: string;
}

const words = (given: unknown, longest = 200) =>
  typeof given === 'string' && given !== '' ? given.slice(0, longest) : undefined;

/** What the address says of this view; what it does not know is left out. */
export function evalsSearch(given: Record<string, unknown>): EvalsSearch {
  const read = {
    workflow: words(given['workflow']),
    run: words(given['run']),
    baseline: words(given['baseline']),
    verdict: VERDICTS.find((each) => each === given['verdict']),
    change: CHANGES.find((each) => each === given['change']),
    tag: words(given['tag']),
    text: words(given['text']),
    case: words(given['case'], 2_100),
  };
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined));
}

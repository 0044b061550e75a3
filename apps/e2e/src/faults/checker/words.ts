import type { Told } from './history.js';

/*
 * The way of an action as a word: its letters are the events that tell of it, each once, in the order of time. The table says which
 * words are legal; it was written from the design, not from the services.
 */
export type State =
  | 'new'
  | 'reading'
  | 'previewing'
  | 'previewed'
  | 'drafting'
  | 'committing'
  | 'returned'
  | 'asked'
  | 'open'
  | 'heard'
  | 'doubt'
  | 'denied'
  | 'read'
  | 'drafted'
  | 'committed'
  | 'failed'
  | 'blocked'
  | 'resolved';

type Letter = string;
type Row = Readonly<Record<Letter, State>>;

const GRANTED: Row = {
  'approved read': 'reading',
  'approved preview': 'previewing',
  'approved draft': 'drafting',
  'approved commit': 'committing',
};
const DECIDED: Row = { ...GRANTED, denied: 'denied', escalated: 'asked' };
/** How a warrant may end without having done anything. */
const UNDONE: Row = { failed: 'failed', returned: 'returned', blocked: 'blocked' };
const words = (state: State): Row => ({
  'approval granted': state,
  'approval edited': state,
  'approval rejected': state,
  'approval expired': state,
});

/** From a state, by a letter, to the next. What is not here is illegal. */
export const TABLE: Readonly<Record<State, Row>> = {
  new: DECIDED,
  reading: { ...UNDONE, read: 'read' },
  previewing: { ...UNDONE, previewed: 'previewed' },
  previewed: DECIDED,
  drafting: { ...UNDONE, drafted: 'drafted' },
  committing: { ...UNDONE, committed: 'committed', 'in-doubt': 'doubt' },
  returned: DECIDED,
  // Asked anew about the same effect, the item is open already.
  asked: { 'approval opened': 'open', ...words('heard') },
  open: words('heard'),
  heard: { ...DECIDED, ...words('heard'), escalated: 'asked' },
  doubt: { 'approval settled': 'doubt', settled: 'doubt', resolved: 'resolved' },
  denied: {},
  read: {},
  drafted: {},
  committed: {},
  failed: {},
  blocked: {},
  // The look-up and a person may find out at the same time; the second changes nothing.
  resolved: { 'approval settled': 'resolved', settled: 'resolved' },
};

/** Where a word may stop. A preview ends a dry run only, and that is looked at elsewhere. */
export const ENDS: ReadonlySet<State> = new Set<State>([
  ...(['previewed', 'denied', 'read', 'drafted', 'committed', 'failed', 'blocked', 'resolved', 'doubt'] as const),
]);

/** Looking at an item and handing it on decide nothing. */
const ASIDES = ['approval viewed', 'approval delegated'];
const PEOPLE = new Set(['approval opened', ...ASIDES, ...Object.keys(words('heard'))]);

/**
 * People speak when they like, and what approval said before it died is published when it is back: what comes when policy has decided
 * is legal once somebody was asked, and changes nothing.
 */
const isLate = (letter: Letter, wasAsked: boolean): boolean => wasAsked && PEOPLE.has(letter);

export function letterOf({ type, data }: Told): Letter {
  const [, family = '', fact = ''] = /^countersign\.(\w+)\.([\w-]+)\.v1$/.exec(type) ?? [];
  if (family === 'approval') return `approval ${fact}`;
  return fact === 'approved' ? `approved ${String(data['grant'])}` : fact;
}

export interface Walk {
  state: State;
  /** The first event that has no place where it stands. */
  illegal?: { told: Told; from: State };
}

export function walk(events: readonly Told[]): Walk {
  let state: State = 'new';
  let wasAsked = false;
  for (const told of events) {
    const letter = letterOf(told);
    wasAsked ||= letter === 'escalated';
    const next: State | undefined = TABLE[state][letter] ?? (isLate(letter, wasAsked) ? state : undefined);
    if (next === undefined) return { state, illegal: { told, from: state } };
    state = next;
  }
  return { state };
}

/* How an incident is told: in words, with its clock. */
import type { GetV1IncidentsIdResponse } from '../../api/generated/index.js';
import { countdown } from '../../ui/relative-time.js';
import { toolName } from '../../ui/record-name.js';
import type { StateFilter } from './search.js';

export type Incident = GetV1IncidentsIdResponse;
type Cause = Incident['cause'];

const CAUSES: Record<Cause, string> = {
  opened: 'Reported by a person',
  override: 'A person rejected or edited what was proposed',
  'in-doubt': 'A commit was sent, and nobody knew whether it was done',
  'drifted-preview': 'The preview had changed when the commit was due',
  'failed-done-check': 'After the commit, the system of record did not show it done',
};
export const causeWords = (cause: Cause): string => CAUSES[cause];

/** By whom it came up. */
export const openedBy = ({ by }: Pick<Incident, 'by'>): string => by ?? 'a rule';

/** What it is about, as a person would name it. */
export const subjectOf = ({ tool, actionId }: Pick<Incident, 'tool' | 'actionId'>): string =>
  (tool && toolName(tool)) ?? (actionId === null ? 'a whole request' : 'an action whose trace is archived');

export interface Clock {
  /** `late` once it has run out, `soon` in its last quarter. */
  tone: 'running' | 'soon' | 'late' | 'stopped';
  words: string;
}

const HOUR_MS = 3_600_000;
const SOON_MS = 6 * HOUR_MS;

/** Where the clock of 24 hours stands; it stops for good when the incident is captured. */
export function clockOf(incident: Pick<Incident, 'state' | 'dueAt' | 'hours'>, now: number): Clock {
  const { state, dueAt, hours } = incident;
  if (state !== 'open') return { tone: 'stopped', words: `captured after ${hoursWords(hours ?? 0)}` };
  const left = Date.parse(dueAt) - now;
  if (left <= 0) return { tone: 'late', words: `overdue by ${hoursWords(-left / HOUR_MS)}` };
  return { tone: left < SOON_MS ? 'soon' : 'running', words: `${countdown(left)} left` };
}

export function hoursWords(hours: number): string {
  if (hours < 1) return countdown(hours * HOUR_MS);
  return hours < 48 ? `${hours.toFixed(1)} h` : `${Math.floor(hours / 24)} days`;
}

const STATE_WORDS: Record<Incident['state'], string> = { open: 'Open', captured: 'Captured', closed: 'Closed' };

/** Overdue as soon as its time is up, whatever was answered before that. */
export const stateWords = (incident: Pick<Incident, 'state' | 'dueAt' | 'hours'>, now: number): string =>
  clockOf(incident, now).tone === 'late' ? 'Overdue' : STATE_WORDS[incident.state];

/** What the API is asked for; overdue is a matter of the clock, not of the state. */
export const queryOf = (state: StateFilter | undefined): { state?: Incident['state']; overdue?: boolean } =>
  state === undefined ? {} : state === 'overdue' ? { overdue: true } : { state };

const NOTHING: Record<StateFilter | 'all', [string, string]> = {
  all: [
    'No incident was opened',
    'One is opened by rule when a person says no or a commit is in doubt, and by you when something else went wrong.',
  ],
  open: ['No incident is open', 'All there were are captured as cases, or closed.'],
  overdue: ['No incident is overdue', 'Each was captured within 24 hours, or still has time.'],
  captured: [
    'No captured incident waits for a release',
    'Captured ones are closed by a release that passes their case.',
  ],
  closed: ['No incident is closed yet', 'A release closes those whose case it passed.'],
};
export const nothingOf = (state: StateFilter | undefined): [title: string, words: string] => NOTHING[state ?? 'all'];

const TRACE_READERS = ['auditor', 'sre', 'admin', 'support-lead'];
/** Whether others' traces are shown to somebody of these roles. */
export const readsTraces = (roles: readonly string[]): boolean => TRACE_READERS.some((role) => roles.includes(role));

export const sentence = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

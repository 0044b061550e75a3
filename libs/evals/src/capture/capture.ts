/*
 * A case made from the trace of an incident. What it guarantees:
 * 1. It is made of what policy, planner, executor and approval signed, as the trace store keeps it: sealed. No hidden value is opened for
 *    it; made-up ones of the same shape stand in their place, the same value the same one.
 * 2. It does what was done then: the people with their roles, the records as they were first read, stage and switches, what was asked,
 *    what the model answered, what people decided and what others changed meanwhile.
 * 3. It expects that what went wrong does not happen again, so it fails as the incident failed; or what a person says it should.
 * 4. What the trace does not tell is said, in sentences.
 */
import { stringify } from 'yaml';
import {
  killScopesOf,
  STAGES,
  type AnyEvent,
  type IncidentCause,
  type Json,
  type JsonObject,
} from '@countersign/contracts';
import { evalCaseOf, type WrittenCase } from '../case-file.js';
import { CASE_TENANTS } from '../case-words.js';
import { endingsOf, expectationOf, type Ended, type Wished } from './expectation.js';
import { recordsOf, type RecordMoved } from './records.js';
import { StandIns } from './stand-ins.js';
import { isSaid, stepsOf } from './steps.js';
import { hasHistory, untilTurnOf } from './turns.js';

export interface ToCapture extends Wished {
  id: string;
}
/** What a case expects, as it is written. */
export type WrittenExpectation = WrittenCase['expect'];

export interface CapturedCase {
  workflow: string;
  /** In the workflow's package. */
  file: string;
  title: string;
  case: WrittenCase;
  /** The file's content. */
  text: string;
  missing: string[];
}

/** A trace of which no case can be made, and why. */
export class NoCase extends Error {}

export const captureFileOf = (incidentId: string): string => `evals/incidents/${incidentId}.evals.yaml`;

/** The case of an incident, from the genuine events of its intent in the order appended. Throws `NoCase`. */
export function captureCase(
  incident: ToCapture,
  trace: readonly AnyEvent[],
  expect?: WrittenExpectation,
): CapturedCase {
  const events = incident.cause === 'override' ? untilTurnOf(incident.actionId, trace) : trace;
  const accepted = events.find(({ type }) => type === 'countersign.intent.accepted.v1') as AcceptedEvent | undefined;
  if (!accepted) throw new NoCase('its trace holds no accepted intent: nothing of it can be asked again');
  const { workflow } = accepted.data;
  const endings = endingsOf(events);
  const expected = expect ?? expectationOf(incident, endings, readIn(events));
  if (!expected) throw new NoCase('nothing was changed or given out by it: say what should have been instead');
  const { given: records, moved, unknown } = recordsOf(events);
  const { steps, lost } = stepsOf(events, accepted.data, incident, moved);
  const given = { people: peopleOf(events, accepted), records, ...setting(events) };
  const standIns = new StandIns(events);
  const shown = standIns.json({ given, steps, expect: expected } as unknown as Json) as unknown as Omit<
    WrittenCase,
    'title'
  >;
  const title = titleOf(incident, endings);
  const written: WrittenCase = { title, tags: ['incident'], ...shown };
  check(written);
  const missing = [
    ...notTold(unknown, lost),
    ...(hasHistory(events) ? [HISTORY] : []),
    ...(incident.cause === 'in-doubt' ? [SILENCE] : []),
  ];
  const text = textOf(workflow, written, standIns.count, missing);
  return { workflow, file: captureFileOf(incident.id), title, case: written, text, missing };
}

const SILENCE = 'no case makes a target give no answer: it is tried that it ends at all';

const HISTORY = 'the session had gone on before: what it had read and said until then is not done again';

const notTold = (unknown: readonly string[], lost: readonly RecordMoved[]): string[] => [
  ...unknown.map((record) => `no event tells a field of ${record}: the system of record has to have it from the start`),
  ...lost.map(({ type, id }) => `somebody else changed ${type}/${id} while it was carried out: no step can come there`),
];

type AcceptedEvent = Extract<AnyEvent, { type: 'countersign.intent.accepted.v1' }>;

function check(written: WrittenCase): void {
  try {
    evalCaseOf(written);
  } catch (error) {
    throw new NoCase(`what the trace tells is more than a case can say: ${(error as Error).message.slice(0, 500)}`, {
      cause: error,
    });
  }
}

function peopleOf(
  events: readonly AnyEvent[],
  { data: { actor } }: AcceptedEvent,
): Record<string, { roles: string[] }> {
  const people = new Map([[actor.sub, [...actor.roles]]]);
  for (const event of events)
    if (isSaid(event) && !people.has(event.data.approver.sub))
      people.set(event.data.approver.sub, [...event.data.approver.roles]);
  return Object.fromEntries([...people].map(([sub, roles]) => [sub, { roles }]));
}

/** Stage and switches as the first decision on an action found them. */
function setting(events: readonly AnyEvent[]): Pick<NonNullable<WrittenCase['given']>, 'stage' | 'switches'> {
  for (const { data } of events) {
    if (!('facts' in data) || !data.facts) continue;
    const { stage, switches } = data.facts as JsonObject;
    const { tenant, workflow, tool } = data as { tenant: string; workflow: string; tool: string };
    const scopes = killScopesOf({ tenant, workflow, tool });
    const on = Array.isArray(switches) ? scopes.filter((scope) => switches.includes(scope)) : [];
    const known = STAGES.find((each) => each === stage);
    return {
      ...(known && known !== 'scoped' ? { stage: known } : {}),
      ...(on.length > 0 ? { switches: on.map((scope) => ownScope(scope, tenant)) } : {}),
    };
  }
  return {};
}

const ownScope = (scope: string, tenant: string) =>
  scope === `kill/tenant/${tenant}` ? `kill/tenant/${CASE_TENANTS[0]}` : scope;

/** Records that reads of the trace gave out. */
const readIn = (events: readonly AnyEvent[]): string[] => [
  ...new Set(
    events.flatMap(({ type, data }) =>
      type === 'countersign.action.read.v1' ? data.recordsRead.map((read) => `${read.type}/${read.id}`) : [],
    ),
  ),
];

const WISHES: Record<IncidentCause, (tools: string) => string> = {
  opened: (tools) => `what ${tools} did is not done again`,
  override: (tools) => `${tools} does not come before a person again as it was when a person said no to it`,
  'in-doubt': (tools) => `${tools} ends, where nobody knew how it had`,
  'drifted-preview': (tools) => `${tools} does not go through on a preview that had changed`,
  'failed-done-check': (tools) => `${tools} has done what it says it did`,
};

function titleOf({ id, cause, actionId }: ToCapture, endings: readonly Ended[]): string {
  const meant = endings.filter((one) => actionId === undefined || one.actionId === actionId);
  const tools = [...new Set(meant.map(({ tool }) => tool))].slice(0, 3).join(' and ') || 'the intent';
  return `Incident ${id}: ${WISHES[cause](tools)}`.slice(0, 200);
}

function textOf(workflow: string, written: WrittenCase, madeUp: number, missing: readonly string[]): string {
  const notes = [
    'Made from the trace of an incident by `countersign incidents capture`.',
    ...(madeUp > 0 ? [`Made up, of the same shape, since they are sealed: ${madeUp} values.`] : []),
    ...missing.map((sentence) => `Not told by the trace: ${sentence}.`),
  ];
  // A record's id stands in them: whatever it is, it stays in its line.
  const comments = notes.map((note) => `# ${note.replaceAll(/[^\P{C} ]/gu, ' ')}\n`).join('');
  return `${comments}${stringify({ workflow, cases: [written] }, { lineWidth: 120, aliasDuplicateObjects: false })}`;
}

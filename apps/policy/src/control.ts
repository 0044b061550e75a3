/*
 * Records of the control topic, as policy judges them. What it guarantees:
 * 1. A trip is applied whoever wrote it, and waits for nobody's identity provider.
 * 2. A re-arm and a stage need the token of a person with the role, valid when the broker appended the record. One that cannot be
 *    judged yet waits as work of its own: it is not lost, and holds up no trip.
 *    A release needs neither: it is signed by the release key over a run of the cases that passed, newer than the one in force. A
 *    rollback, signed likewise, names what was released before.
 * 3. A record is judged once, by whichever instance comes first; every other, and every replay, repeats that verdict. Each
 *    acknowledges for itself.
 * 4. A tombstone, and what fits no contract, changes nothing and is said to be refused.
 */
import {
  cut,
  eventIdOf,
  parseControl,
  refusal,
  type Code,
  type ControlRecord,
  type EventDraft,
  type EventType,
  type JsonObject,
  type Person,
  type Refusal,
  type ReleaseValue,
} from '@countersign/contracts';
import { applyControl, controlKey, type ControlRow } from '@countersign/control';
import type { VerifiedRelease } from '@countersign/evals/release';
import { maskWords } from '@countersign/sealing';
import { emit, put, type Effect, type States } from '@countersign/messaging/stream';
import { clean } from './drafts.js';
import { placeOf, type Checked, type Of } from './facts.js';
import { waitForKey } from './waiting.js';

export type ControlSet = Of<'countersign.control.set.v1'>;

export interface ControlFacts {
  /** Of records that need a token and were not judged before, by `placeOf`. */
  checked: ReadonlyMap<string, Checked>;
  /** What the signature of each release says, by `placeOf`. */
  releases: ReadonlyMap<string, VerifiedRelease>;
  instance: string;
  /** How many instances of policy run. */
  instances: number;
}

/** A row a record: what was found of it, once and for all. */
export type ControlVerdict = { tag: 'applied'; by?: string } | ({ tag: 'refused' } & Refusal);

export const verdictKey = (offset: bigint) => `verdict:${offset}`;

export const controlSet = { touches: controlTouches, decide: decideControl };

export function controlTouches({ event, record }: ControlSet): string[] {
  const { scope, value } = event.data;
  // Only a scope of the known forms names a row.
  return [...(parseControl(scope, value) ? [controlKey(scope)] : []), verdictKey(record.offset)];
}

export function decideControl(given: ControlSet, states: States, facts: ControlFacts, now: Date): Effect[] {
  const incoming = withoutShapes(given, facts);
  const { record } = incoming;
  const before = states.get<ControlVerdict>(verdictKey(record.offset));
  const verdict = before ?? judgeControl(incoming, states, facts);
  if (verdict.tag === 'waiting') return [waitForKey(incoming, verdict.sealed)];
  const written = before ? [] : [put(verdictKey(record.offset), verdict)];
  if (verdict.tag === 'refused') return [...written, emit(refusedDraft(incoming, verdict, facts, now))];
  return [...written, ...applied(incoming, verdict, states, facts, now)];
}

/**
 * What somebody says of a switch is kept and told: only of what nothing is sealed. Its scope is looked at as it came, and so is what the
 * release key signed.
 */
function withoutShapes(incoming: ControlSet, { releases }: ControlFacts): ControlSet {
  if (releases.get(placeOf(incoming))?.ok) return incoming;
  const { event } = incoming;
  return { ...incoming, event: { ...event, data: { ...event.data, value: maskWords(event.data.value) } } };
}

type Judged = ControlVerdict | { tag: 'waiting'; sealed: string };
const refused = (code: Code, detail: string, nextStep?: string): Judged => ({
  tag: 'refused',
  ...refusal(code, detail, nextStep),
});

function judgeControl(incoming: ControlSet, states: States, { checked, releases }: ControlFacts): Judged {
  const { scope, value } = incoming.event.data;
  const record = parseControl(scope, value);
  if (!record) return refused('INVALID_ARGUMENTS', flawOf(scope, value), FORMS);
  if (record.kind === 'release')
    return judgeRelease(record.value, states.get<ControlRow>(controlKey(scope)), releases.get(placeOf(incoming)));
  const roles = rolesFor(record);
  if (!roles) return { tag: 'applied' };
  const found = checked.get(placeOf(incoming));
  if (!found) throw new Error(`${placeOf(incoming)} came without its facts`);
  if (found.tag === 'waiting') return found;
  const who = `a person whose role is ${roles.join(' or ')}`;
  if (found.tag !== 'person') {
    const because = 'because' in found ? found.because : found.tag;
    return refused('UNAUTHENTICATED', because, `Write it again with the token of ${who} in the header authorization.`);
  }
  return mayChange(found.person, roles)
    ? { tag: 'applied', by: found.person.sub }
    : refused('PERMISSION_DENIED', `${found.person.sub} has none of the roles ${roles.join(', ')}`, `Ask ${who}.`);
}

/** One that was in force before is not put in force again by writing it again: only a rollback goes back. */
function judgeRelease(
  { fingerprint }: ReleaseValue,
  row: ControlRow | undefined,
  verified: VerifiedRelease | undefined,
): Judged {
  if (!verified?.ok) return refused('NOT_RELEASED', verified?.because ?? 'its signature was not looked at', SIGN_IT);
  const { report } = verified;
  const history = row?.kind === 'release' ? row.history : [];
  const newest = history[0]?.report['at'];
  if (typeof newest === 'string' && Date.parse(report.at) <= Date.parse(newest))
    return refused('NOT_RELEASED', `it is of ${report.at}, and one of ${newest} is in force`, RUN_AGAIN);
  if (report.kind === 'rollback' && !history.some((release) => release.fingerprint === fingerprint))
    return refused('NOT_RELEASED', `${fingerprint.slice(0, 12)} was never released`, RELEASED_BEFORE);
  return { tag: 'applied' };
}

const SIGN_IT =
  'Sign the report of `countersign evals run --report FILE --key KEY` with the release key and publish that.';
const RUN_AGAIN = 'Run the evals again and publish their report, or roll back.';
const RELEASED_BEFORE = 'Roll back to a fingerprint that `countersign release show` lists, or publish a release of it.';

const mayChange = (person: Person, roles: readonly string[]) => roles.some((role) => person.roles.includes(role));

/** Whose token it needs; undefined for a trip: stopping is always safe. */
export function rolesFor(record: ControlRecord): readonly string[] | undefined {
  switch (record.kind) {
    case 'kill':
      return record.value.killed ? undefined : ['sre'];
    case 'stage':
      return ['sre', 'release'];
    case 'release':
      return undefined;
    default:
      return record satisfies never;
  }
}

const FORMS =
  'Write {"killed": true} or {"killed": false} to kill/*, kill/tenant/<id>, kill/workflow/<name> or kill/tool/<name>, or ' +
  '{"stage": "read-only" | "draft-only" | "scoped"} to stage/workflow/<name> or stage/workflow/<name>/tenant/<id>, or a signed release to ' +
  'release/workflow/<name>.';

const flawOf = (scope: string, value: unknown) =>
  value === null
    ? 'it has no value: a tombstone changes nothing'
    : `no control record is of the form of ${clean(scope)}`;

function applied(
  incoming: ControlSet,
  { by }: Extract<ControlVerdict, { tag: 'applied' }>,
  states: States,
  facts: ControlFacts,
  now: Date,
): Effect[] {
  const { scope, value } = incoming.event.data;
  const { offset, timestamp } = incoming.record;
  const change = { scope, value, epoch: Number(offset), at: new Date(timestamp).toISOString(), by };
  const row = applyControl(states.get<ControlRow>(controlKey(scope)), change);
  return [...(row ? [put(controlKey(scope), row)] : []), emit(appliedDraft(incoming, by, facts, now))];
}

function appliedDraft(incoming: ControlSet, by: string | undefined, facts: ControlFacts, now: Date): EventDraft {
  const { scope, value } = incoming.event.data;
  const { by: claimed, ...said } = parseControl(scope, value)!.value as { by?: string } & JsonObject;
  const who = by ?? claimed;
  return {
    ...ackOf(incoming, 'countersign.control.applied.v1', facts, now),
    actorid: by ?? '',
    data: { ...ackData(incoming, facts, now), scope, ...(who ? { by: who } : {}), value: said },
  };
}

function refusedDraft(incoming: ControlSet, verdict: Refusal, facts: ControlFacts, now: Date): EventDraft {
  const { code, detail, nextStep } = verdict;
  return {
    ...ackOf(incoming, 'countersign.control.refused.v1', facts, now),
    actorid: '',
    data: { ...ackData(incoming, facts, now), code, detail: cut(detail, 2_000), nextStep },
  };
}

const ackData = ({ event, record }: ControlSet, { instance, instances }: ControlFacts, now: Date) => ({
  ...{ scope: clean(event.data.scope), epoch: Number(record.offset), service: 'policy', instance, instances },
  ...{ appendedAt: new Date(record.timestamp).toISOString(), at: now.toISOString() },
});

/** About the whole system: of no tenant and no session. */
function ackOf<T extends EventType>({ event, record }: ControlSet, type: T, { instance }: ControlFacts, now: Date) {
  const scope = clean(event.data.scope);
  return {
    ...{ type, id: eventIdOf(type, scope, String(record.offset), 'policy', instance) },
    ...{ subject: scope, tenantid: '', session: '', correlationid: '' },
    ...{ causationid: clean(event.id), time: now.toISOString() },
  };
}

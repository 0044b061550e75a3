/*
 * What a person says became of a commit in doubt. What it guarantees:
 * 1. One wins: the doubt's row is locked, and whoever comes second is told who said so before, or how it was resolved. Whoever says the
 *    same again is answered the same.
 * 2. Who may not say it, the one who asked for the action first of all, learns nothing of how it stands.
 * No switch stops it: nothing is sent. Policy checks all of it anew: what it says counts.
 */
import { eventIdOf, type EventDraft, type Person } from '@countersign/contracts';
import { sealedDigest } from '@countersign/identity';
import { emit, put, type Effect, type States } from '@countersign/messaging/stream';
import { doubtKey, type Doubt, type DoubtProgress, type PersonsVerdict } from './state.js';

/** As it came over HTTP; the token is sealed already, so that only policy can open it. */
export interface Said {
  outcome: PersonsVerdict['outcome'];
  reason: string;
  sealed: string;
}

/** Roles whose word counts on a doubt about a tool; `asked` were to approve the action. */
export type SettlersOf = (tool: string, asked: string[]) => string[];

export type NotTaken =
  | { tag: 'not-found' }
  | { tag: 'self'; because: string }
  | { tag: 'role'; needed: string[] }
  | { tag: 'said'; verdict: PersonsVerdict }
  | { tag: 'resolved'; progress: Extract<DoubtProgress, { tag: 'resolved' }> };
export type Taken = { tag: 'taken'; doubt: Doubt; verdict: PersonsVerdict };
interface Result {
  effects: Effect[];
  result: Taken | NotTaken;
}
const no = (result: NotTaken): Result => ({ effects: [], result });

export function decideVerdict(
  actionId: string,
  person: Person,
  said: Said,
  settlersOf: SettlersOf,
  states: States,
  now: Date,
): Result {
  const doubt = states.get<Doubt>(doubtKey(actionId));
  if (!doubt || doubt.envelope.tenantid !== person.tenant) return no({ tag: 'not-found' });
  if (doubt.envelope.actorid === person.sub)
    return no({ tag: 'self', because: 'you asked for this action yourself: another person says what became of it' });
  const needed = settlersOf(doubt.tool, doubt.asked);
  if (!needed.some((role) => person.roles.includes(role))) return no({ tag: 'role', needed });
  const { progress } = doubt;
  switch (progress.tag) {
    case 'open':
      return taken(doubt, person, said, now);
    case 'said':
      return isSame(progress.verdict, person, said) ? again(doubt, progress.verdict) : no(progress);
    case 'resolved': {
      const { by, verdict } = progress;
      if (by === 'person' && verdict && isSame(verdict, person, said)) return again(doubt, verdict);
      return no({ tag: 'resolved', progress });
    }
    default:
      return progress satisfies never;
  }
}

const isSame = ({ by, outcome }: PersonsVerdict, { sub }: Person, said: Said) => by === sub && outcome === said.outcome;
const again = (doubt: Doubt, verdict: PersonsVerdict): Result => ({
  effects: [],
  result: { tag: 'taken', doubt, verdict },
});

function taken(doubt: Doubt, { sub, roles }: Person, { outcome, reason, sealed }: Said, now: Date): Result {
  const { actionId, intentId, revision, envelope, traceparent, causedBy, verdicts } = doubt;
  const type = 'countersign.approval.settled.v1';
  const id = eventIdOf(type, actionId, revision, verdicts);
  const at = now.toISOString();
  const verdict: PersonsVerdict = { eventId: id, by: sub, outcome, reason, at };
  const event: EventDraft = {
    ...{ type, id, time: at, subject: actionId, causationid: causedBy, ...envelope },
    ...(traceparent ? { traceparent } : {}),
    data: {
      ...{ intentId, actionId, revision, tenant: envelope.tenantid, outcome, reason, decidedAt: at },
      approver: { sub, roles },
      tokenDigest: sealedDigest(sealed),
    },
    // The outbox row holds it until it is published, then goes: sealed, it is of use to policy alone.
    authorization: `Bearer ${sealed}`,
  };
  const after: Doubt = { ...doubt, verdicts: verdicts + 1, progress: { tag: 'said', verdict } };
  return { effects: [put(doubtKey(actionId), after), emit(event)], result: { tag: 'taken', doubt: after, verdict } };
}

/** What whoever said it is told. */
export function verdictView({ doubt, verdict }: Taken) {
  const { actionId, intentId, revision, tool, progress } = doubt;
  const { eventId: id, ...said } = verdict;
  const nextStep =
    progress.tag === 'resolved'
      ? 'It is resolved: its explanation says what is known of it.'
      : 'Policy checks it and the executor writes it down: GET /v1/actions/{id}?wait=30 tells when that is done.';
  return { actionId, intentId, revision, tool, state: progress.tag, verdict: { id, ...said }, nextStep };
}

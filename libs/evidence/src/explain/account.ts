import type { EventData, JsonObject, Person, RecordChanged, RecordRead, RuleResult } from '@countersign/contracts';
import { accountOfChange, stoppedBy, type Switched } from './control.js';
import { endOf } from './missing.js';
import { recordsRead } from './read.js';
import { approvalsOf, ofType, resultsOf, warrantsOf, type Decision, type Stored, type Story } from './story.js';

type Id = Pick<RecordRead, 'system' | 'type' | 'id' | 'version'>;

/** The same as the sentences, as values. Null and empty lists: no stored event says so. */
export interface Account {
  actor: Person | null;
  request: {
    kind: 'intent' | 'action';
    source: string;
    requestId: string;
    workflow: string;
    text: string | null;
  } | null;
  model: { model: string; turn: number; attempts: number; rationale: string | null } | null;
  tool: string | null;
  dryRun: boolean | null;
  /** What was asked for, and what the last decision was about. */
  proposed: JsonObject | null;
  effective: JsonObject | null;
  edits: { by: string; reason: string; at: string; narrowing: boolean; before: JsonObject }[];
  decisions: Decided[];
  people: Heard[];
  expired: string[];
  read: Id[];
  changed: Id[];
  /** Whether the system of record showed what "done" means, and what was looked at for that. */
  done: { holds: boolean; checked: Id[] } | null;
  results: { name: string; grant: string; attempts: number; code: string | null; detail: string | null; at: string }[];
  outcome: { name: string; code: string | null; detail: string | null; at: string } | null;
  /** Of a doubt: what was found, and by whom; a person who said so is among `people`. */
  resolved: { outcome: 'committed' | 'failed'; by: 'lookup' | 'person' } | null;
  idempotencyKey: string | null;
  /** Switches and stages that stopped it, the earliest first. */
  stoppedBy: Switched[];
  reply: { text: string; outcome: string; flagged: string | null; at: string } | null;
}

interface Decided {
  verdict: 'approved' | 'denied' | 'escalated';
  grant: string | null;
  code: string | null;
  detail: string | null;
  rules: RuleResult[];
  /** In force then, by policy's own word. */
  stage: string | null;
  switches: string[];
  policyVersion: string;
  fingerprint: string | null;
  approvers: string[];
  at: string;
}

interface Heard {
  who: string;
  roles: string[];
  said: 'granted' | 'edited' | 'rejected' | 'committed' | 'failed';
  reason: string;
  at: string;
}

/** What the stored events say of an action, as values. */
export function accountOf(story: Story): Account {
  const { accepted, proposed, modelCall, reply } = story;
  const request = accepted?.event.data;
  const decisions = story.decisions.flatMap(decided);
  const last = story.decisions.findLast(({ event }) => 'arguments' in event.data)?.event.data;
  const decidedOn = last && 'arguments' in last ? last : undefined;
  return {
    actor: request?.actor ?? null,
    request: request
      ? { ...pick(request, 'kind', 'source', 'requestId', 'workflow'), text: request.text ?? null }
      : null,
    model: modelCall
      ? {
          ...pick(modelCall.event.data, 'model', 'turn', 'attempts'),
          rationale: proposed?.event.data.rationale ?? null,
        }
      : null,
    tool: decidedOn?.tool ?? proposed?.event.data.tool ?? request?.action?.tool ?? null,
    dryRun: proposed?.event.data.dryRun ?? request?.action?.dryRun ?? warrantsOf(story)[0]?.event.data.dryRun ?? null,
    proposed: proposed?.event.data.arguments ?? request?.action?.arguments ?? null,
    effective: decidedOn?.arguments ?? null,
    edits: (decidedOn?.edits ?? []).map(({ by, reason, at, narrowing, arguments: before }) => ({
      ...{ by, reason, at, narrowing, before },
    })),
    decisions,
    people: peopleIn(story),
    expired: approvalsOf(story, 'countersign.approval.expired.v1').map(({ event }) => event.data.expiredAt),
    read: recordsRead(story).map(({ record }) => named(record)),
    ...ending(story),
    stoppedBy: (stoppedBy(story)?.changes ?? []).map(accountOfChange),
    reply: reply
      ? { ...pick(reply.event.data, 'text', 'outcome'), flagged: reply.event.data.flagged ?? null, at: reply.at }
      : null,
  };
}

function decided({ event, at }: Decision): Decided[] {
  const { data } = event;
  if (!('rules' in data)) return [];
  const { rules, policyVersion, facts } = data;
  const { stage, switches } = facts ?? {};
  return [
    {
      verdict: event.type.split('.')[2] as Decided['verdict'],
      grant: 'grant' in data ? data.grant : null,
      code: 'code' in data ? data.code : null,
      detail: 'detail' in data ? data.detail : null,
      rules,
      stage: typeof stage === 'string' ? stage : null,
      switches: Array.isArray(switches) ? switches.filter((one) => typeof one === 'string') : [],
      policyVersion,
      fingerprint: 'fingerprint' in data ? data.fingerprint : null,
      approvers: 'approvers' in data ? data.approvers.map(({ sub }) => sub) : [],
      at,
    },
  ];
}

function peopleIn(story: Story): Heard[] {
  const answers = approvalsOf(
    story,
    'countersign.approval.granted.v1',
    'countersign.approval.edited.v1',
    'countersign.approval.rejected.v1',
    'countersign.approval.settled.v1',
  );
  return answers.map(({ event, at }) => {
    const { approver, reason } = event.data;
    const said = 'outcome' in event.data ? event.data.outcome : (event.type.split('.')[2] as Heard['said']);
    return { who: approver.sub, roles: approver.roles, said, reason, at };
  });
}

function ending(
  story: Story,
): Pick<Account, 'changed' | 'done' | 'results' | 'outcome' | 'resolved' | 'idempotencyKey'> {
  const end = endOf(story);
  const resolved = ofType(story.results as Stored[], 'countersign.action.resolved.v1').at(-1)?.event.data;
  const committed = resultsOf(story, 'countersign.action.committed.v1').at(-1)?.event.data;
  const changed: RecordChanged[] = (committed ?? resolved)?.recordsChanged ?? [];
  const done = (committed ?? resolved)?.done;
  return {
    changed: changed.map(named),
    done: done ? { holds: done.holds, checked: done.checked.map(named) } : null,
    results: story.results.map(({ event, at }) => ({
      name: nameOf(event.type),
      ...pick(event.data, 'grant', 'attempts'),
      ...why(event.data),
      at,
    })),
    outcome: end ? { name: nameOf(end.event.type), ...why(end.event.data), at: end.at } : null,
    resolved: resolved ? pick(resolved, 'outcome', 'by') : null,
    idempotencyKey:
      warrantsOf(story).at(-1)?.event.data.idempotencyKey ?? (committed ?? resolved)?.idempotencyKey ?? null,
  };
}

const nameOf = (type: string) => type.split('.')[2]!;

const why = (data: Partial<Pick<EventData<'countersign.action.failed.v1'>, 'code' | 'detail'>> | object) => ({
  code: 'code' in data && typeof data.code === 'string' ? data.code : null,
  detail: 'detail' in data && typeof data.detail === 'string' ? data.detail : null,
});

const named = ({ system, type, id, version }: Id): Id => ({ system, type, id, version });

const pick = <T extends object, K extends keyof T>(from: T, ...names: K[]): Pick<T, K> =>
  Object.fromEntries(names.map((name) => [name, from[name]])) as Pick<T, K>;

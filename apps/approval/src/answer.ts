/*
 * What people say of an item. What it guarantees:
 * 1. One wins: the item's row is locked, and whoever comes second finds it decided.
 * 2. Who may not decide an item learns nothing of how it stands, and changes nothing of it.
 * 3. While somebody has claimed it nobody else decides it; when the lease ends, anybody may again.
 * 4. While a switch that stops it is on nobody says yes, changes or claims it. A no is always possible.
 * 5. What a person changes fits the tool's contract, brings no value that the item does not show, and is approved by another
 *    person unless the tool says that it only takes away.
 * Policy checks all of it anew: what it says counts.
 */
import {
  eventIdOf,
  digest,
  payloadFlaw,
  type EventDraft,
  type Json,
  type JsonObject,
  type Person,
} from '@countersign/contracts';
import type { ControlView, KillRow } from '@countersign/control';
import { sealedDigest } from '@countersign/identity';
import { emit, put, type Effect, type States } from '@countersign/messaging/stream';
import { sealedTokensIn, shapesIn, tokensIn } from '@countersign/sealing';
import { parseInput, sealFields, type InputProblem, type ToolContract } from '@countersign/tool-sdk';
import { boundOf, decisionEvent, decisionEventId, draftOf } from './decide.js';
import {
  approvalKey,
  claimOf,
  isOpen,
  mayApproveOwnEdits,
  mayDecide,
  targetOf,
  type Claim,
  type Item,
  type PersonsDecision,
  type Progress,
} from './state.js';

/** A person's answer as it came over HTTP; the token is sealed already, so that only policy can open it. */
export interface Answer {
  decision: 'approve' | 'reject' | 'edit';
  actionHash: string;
  reason: string;
  /** Of an edit: all of the action's arguments. */
  arguments?: JsonObject | undefined;
  sealed: string;
}

/** What is known beside the item. The switches come by way of policy, a moment late: it is the judge of them. */
export interface Known {
  control: ControlView;
  contractOf(workflow: string, tool: string): ToolContract | undefined;
}

export type Refused =
  | { tag: 'not-found' }
  | { tag: 'self'; because: string }
  | { tag: 'role'; needed: string[] }
  | { tag: 'stale'; current: string | undefined }
  | { tag: 'ended'; progress: Progress }
  | { tag: 'killed'; by: KillRow }
  | { tag: 'claimed'; claim: Claim }
  | { tag: 'said-before' }
  | { tag: 'unknown-tool'; tool: string }
  | { tag: 'unfit'; fields: InputProblem[] };
export type Verdict = { tag: 'recorded'; item: Item } | Refused;
interface Result {
  effects: Effect[];
  result: Verdict;
}
const no = (result: Refused): Result => ({ effects: [], result });

export function decideAnswer(
  approvalId: string,
  person: Person,
  answer: Answer,
  known: Known,
  states: States,
  now: Date,
): Result {
  const item = states.get<Item>(approvalKey(approvalId));
  const refused = mayNotAnswer(item, person, known, now);
  if (!item || refused) return no(refused ?? { tag: 'not-found' });
  if (answer.actionHash !== item.escalated.actionHash) return no({ tag: 'stale', current: approvalId });
  if (saidBefore(item, person)) return no({ tag: 'said-before' });
  const stopped = answer.decision === 'reject' ? undefined : known.control.killedBy(targetOf(item));
  if (stopped) return no({ tag: 'killed', by: stopped });
  const claim = claimOf(item, now);
  if (claim && claim.by !== person.sub) return no({ tag: 'claimed', claim });
  if (answer.decision === 'edit') return decideEdit(item, person, answer, known, now);
  if (answer.decision === 'approve' && !mayApproveOwnEdits(item, person.sub))
    return no({ tag: 'self', because: 'you changed it yourself, and to more than was asked for' });
  return record(item, person, answer, now);
}

/** Guarantee 2, then whether there is still something to decide. */
function mayNotAnswer(item: Item | undefined, person: Person, { control }: Known, now: Date): Refused | undefined {
  if (!item || item.envelope.tenantid !== person.tenant) return { tag: 'not-found' };
  const { actor, approverRoles } = item.escalated;
  if (actor.sub === person.sub) return { tag: 'self', because: 'you asked for this action yourself' };
  if (!mayDecide(item, person)) return { tag: 'role', needed: approverRoles };
  if (item.progress.tag === 'superseded') return { tag: 'stale', current: item.progress.by };
  return isOpen(item, control, now) ? undefined : { tag: 'ended', progress: item.progress };
}

const saidBefore = ({ decisions, round }: Item, { sub }: Person) =>
  decisions.slice(round).some(({ approver }) => approver.sub === sub);

function decideEdit(item: Item, person: Person, answer: Answer, { contractOf }: Known, now: Date): Result {
  const { workflow, tool, arguments: before } = item.escalated;
  const contract = contractOf(workflow, tool);
  if (!contract) return no({ tag: 'unknown-tool', tool });
  const given = answer.arguments ?? {};
  const flaw = payloadFlaw(given);
  if (flaw) return no({ tag: 'unfit', fields: [{ path: '(arguments)', message: flaw }] });
  const input = parseInput(contract, given);
  if (!input.ok) return no({ tag: 'unfit', fields: input.problems });
  const after = input.value as JsonObject;
  if (digest(after) === digest(before)) {
    const message = 'nothing is changed by it; approve it, or send other arguments';
    return no({ tag: 'unfit', fields: [{ path: '(arguments)', message }] });
  }
  const hidden = hiddenValues(item, contract, after);
  return hidden.length > 0
    ? no({ tag: 'unfit', fields: hidden })
    : record(item, person, { ...answer, arguments: after }, now);
}

const TOKEN = /^tok_[0-9a-f]{32}$/;

/**
 * Personal, financial and secret values go on as tokens alone, and of those only what the item shows: nobody types one in here,
 * from where it would stand bare on a topic.
 */
function hiddenValues({ escalated }: Item, contract: ToolContract, after: JsonObject): InputProblem[] {
  const { arguments: before, preview } = escalated;
  const shown = new Set([...tokensIn(before), ...sealedTokensIn(preview?.effect ?? null)]);
  const changed = Object.entries(after).filter(([field, value]) => digest(value) !== digest(before[field] ?? null));
  return changed.flatMap(([field, value]): InputProblem[] => {
    const says = (message: string) => [{ path: field, message }];
    if (tokensIn(value).some((token) => !shown.has(token))) return says('a token that this item does not show');
    if (hiddenIn(contract, { [field]: value }).some((hidden) => !(typeof hidden === 'string' && TOKEN.test(hidden))))
      return says(
        'a personal value cannot be typed in here; keep its token, or reject the action and have it asked for anew',
      );
    return textsIn(value).some((text) => shapesIn(text).length > 0)
      ? says('it holds what looks like personal data; use the token that stands for it')
      : [];
  });
}

/** The values that the contract does not call public or internal, wherever they lie. */
function hiddenIn({ input }: ToolContract, args: JsonObject): Json[] {
  const hidden: Json[] = [];
  sealFields(input, args, (value, dataClass) => {
    hidden.push(value);
    return { $sealed: { token: '', class: dataClass } };
  });
  return hidden;
}

const textsIn = (value: Json): string[] => {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
};

/** One no, or one change, is enough; a yes needs as many people as policy asked for, each of whom policy checks. */
function record(item: Item, person: Person, answer: Answer, now: Date): Result {
  const { decision, reason, sealed } = answer;
  const approver = { sub: person.sub, roles: person.roles };
  const changed = answer.arguments ? { arguments: answer.arguments } : {};
  const said: PersonsDecision = { decision, approver, reason, at: now.toISOString(), ...changed };
  const { claim: _, ...rest } = item;
  const decisions = [...item.decisions, said];
  const isEnough = decision !== 'approve' || decisions.length - item.round >= item.escalated.approvalsNeeded;
  const progress: Progress = isEnough ? { tag: 'decided', at: said.at } : { tag: 'open' };
  const decided: Item = { ...rest, decisions, progress };
  const id = decisionEventId(item, decision, item.decisions.length);
  const event = {
    ...draftOf(item, decisionEvent(decision), id, item.openedEventId, now),
    data: { ...boundOf(item), approver, reason, decidedAt: said.at, tokenDigest: sealedDigest(sealed), ...changed },
    // The outbox row holds it until it is published, then goes: sealed, it is of use to policy alone.
    authorization: `Bearer ${sealed}`,
  } as EventDraft;
  return recorded(decided, [emit(event)]);
}

const recorded = (item: Item, effects: Effect[] = []): Result => ({
  effects: [put(approvalKey(item.approvalId), item), ...effects],
  result: { tag: 'recorded', item },
});

export type Lease =
  | { do: 'claim'; seconds: number }
  | { do: 'delegate'; to: string; reason: string; seconds: number }
  | { do: 'release' };

/** Guarantee 3. Whether somebody it is handed to may decide is seen when they do: nobody's roles are known but the caller's. */
export function decideLease(
  approvalId: string,
  person: Person,
  lease: Lease,
  known: Known,
  states: States,
  now: Date,
): Result {
  const item = states.get<Item>(approvalKey(approvalId));
  const refused = mayNotAnswer(item, person, known, now);
  if (!item || refused) return no(refused ?? { tag: 'not-found' });
  const claim = claimOf(item, now);
  const { claim: _, ...free } = item;
  const isTheirs = claim && claim.by !== person.sub;
  if (lease.do === 'release') {
    // Who handed it on may take it back.
    return isTheirs && claim.delegatedBy !== person.sub ? no({ tag: 'claimed', claim }) : recorded(free);
  }
  const stopped = known.control.killedBy(targetOf(item));
  if (stopped) return no({ tag: 'killed', by: stopped });
  if (isTheirs) return no({ tag: 'claimed', claim });
  const until = new Date(now.getTime() + lease.seconds * 1000).toISOString();
  if (lease.do === 'claim' && saidBefore(item, person)) return no({ tag: 'said-before' });
  if (lease.do === 'claim') return recorded({ ...free, claim: { ...ofMine(claim), by: person.sub, until } });
  if (lease.to === item.escalated.actor.sub) return no({ tag: 'self', because: `${lease.to} asked for this action` });
  const claimed = { by: lease.to, until, delegatedBy: person.sub, reason: lease.reason };
  return recorded({ ...free, claim: claimed }, [emit(handedOn(item, person, lease, until, now))]);
}

const HANDED_ON = 'countersign.approval.delegated.v1';

function handedOn(
  item: Item,
  { sub, roles }: Person,
  { to, reason }: Lease & { do: 'delegate' },
  until: string,
  now: Date,
) {
  const id = eventIdOf(HANDED_ON, item.approvalId, sub, until);
  const data = { ...boundOf(item), by: { sub, roles }, to, reason, until };
  return { ...draftOf(item, HANDED_ON, id, item.openedEventId, now), data };
}

/** Whoever makes their lease longer keeps who handed it to them, and why. */
const ofMine = (claim: Claim | undefined): Partial<Claim> => {
  const { delegatedBy, reason } = claim ?? {};
  return { ...(delegatedBy ? { delegatedBy } : {}), ...(reason ? { reason } : {}) };
};

import {
  isSealed,
  type DoneCheck,
  type EventData,
  type Json,
  type MemberSeen,
  type RecordChanged,
  type RecordRead,
  type RuleResult,
} from '@countersign/contracts';
import type { Stored } from './story.js';
import { actorText } from './who.js';

/** A value in a sentence, short. A sealed one shows its token and nothing else. */
export function shown(value: unknown, limit = 400): string {
  if (isSealed(value)) return `<${value.$sealed.class} ${value.$sealed.token}>`;
  if (typeof value === 'string') return value.length > limit ? `${value.slice(0, limit)}…` : value;
  const text = JSON.stringify(value, (_, inner: Json) => (isSealed(inner) ? shown(inner) : inner)) ?? 'nothing';
  return text.length > limit ? `${text.slice(0, limit)}…` : text;
}

export const recordText = ({ system, type, id, version }: RecordRead) => `${system} ${type} ${id} (version ${version})`;
export const changeText = ({ system, type, id, version }: RecordChanged) =>
  `${system} ${type} ${id} (now version ${version})`;
export const ruleText = ({ rule, outcome, reason }: RuleResult) => `${rule}: ${outcome}, ${reason}`;
export const list = (parts: string[]) => (parts.length ? parts.join('; ') : 'none');

/** Whether the system of record shows what "done" means. */
export const doneText = ({ holds, statement, detail, checked }: DoneCheck) =>
  `done, which means "${shown(statement)}", ${holds ? 'holds' : `DOES NOT HOLD (${shown(detail)})`}, as read from ${list(checked.map(recordText))} after the commit`;

/** A person as the directory has them now, who may have lost what the token said. */
const memberText = ({ sub, roles, active, system }: MemberSeen) =>
  `${sub} is ${active ? (roles.length ? roles.join(', ') : 'without a role') : 'not active'} by ${system}`;

/** What a sender or a model says for itself: shown, and believed by nothing. */
const claimText = (rationale: string | undefined) =>
  rationale === undefined ? '' : `; as a claim: "${shown(rationale)}"`;

/** Whom a request says it comes from, before anybody has verified it. */
const claimedSender = ({ actorid, tenantid }: { actorid: string; tenantid: string }) =>
  actorid || tenantid ? `, claiming to be for ${actorid || 'nobody'} of ${tenantid || 'no tenant'}` : '';

const decisive = (rules: RuleResult[], outcome: RuleResult['outcome']) =>
  list(rules.filter((rule) => rule.outcome === outcome).map(ruleText));

/** `get_order was read`, `issue_refund was denied (STALE_CONTEXT)`: how another action stood. */
export function saysEnd({ event }: Stored): string {
  const { data } = event;
  const tool = 'tool' in data && typeof data.tool === 'string' ? data.tool : 'another action';
  const code = 'code' in data && data.code ? ` (${data.code})` : '';
  return `${tool} was ${event.type.split('.')[2]}${code}`;
}

/** What one stored event says, in a sentence. */
export function says({ event }: Stored): string {
  switch (event.type) {
    case 'countersign.intent.requested.v1':
      return `${event.source} published${claimedSender(event)}: "${shown(event.data.text)}"`;
    case 'countersign.action.requested.v1':
      return `${event.source} asked${claimedSender(event)} for ${event.data.tool} ${shown(event.data.arguments)}${claimText(event.data.rationale)}`;
    case 'countersign.intent.accepted.v1': {
      const { actor, workflow, workflowVersion } = event.data;
      return `policy verified ${actorText(actor)} and accepted the request for ${workflow} ${workflowVersion}`;
    }
    case 'countersign.intent.refused.v1':
      return `policy refused the request: ${event.data.code}, ${event.data.detail}`;
    case 'countersign.model.called.v1':
      return saysCall(event.data);
    case 'countersign.action.proposed.v1':
      return `the model proposed ${event.data.tool} ${shown(event.data.arguments)} in turn ${event.data.turn}${claimText(event.data.rationale)}`;
    case 'countersign.action.approved.v1':
    case 'countersign.action.denied.v1':
    case 'countersign.action.escalated.v1':
    case 'countersign.action.settled.v1':
    case 'countersign.action.unsettled.v1':
      return saysDecision(event);
    case 'countersign.approval.opened.v1':
      return `an item was opened for a person to decide until ${event.data.expiresAt}`;
    case 'countersign.approval.viewed.v1':
      return `${event.data.viewer.sub} was shown ${values(event.data.opened)} of it`;
    case 'countersign.approval.delegated.v1':
      return `${event.data.by.sub} handed it on to ${event.data.to} until ${event.data.until}: "${shown(event.data.reason)}"`;
    case 'countersign.approval.granted.v1':
      return `${event.data.approver.sub} approved it: "${shown(event.data.reason)}"`;
    case 'countersign.approval.edited.v1':
      return `${event.data.approver.sub} changed it to ${shown(event.data.arguments)}: "${shown(event.data.reason)}"`;
    case 'countersign.approval.rejected.v1':
      return `${event.data.approver.sub} rejected it: "${shown(event.data.reason)}"`;
    case 'countersign.approval.expired.v1':
      return `nobody had decided by ${event.data.expiredAt}`;
    case 'countersign.approval.settled.v1':
      return `${event.data.approver.sub} looked at the target and said ${event.data.outcome}: "${shown(event.data.reason)}"`;
    case 'countersign.reply.sent.v1':
      return event.data.flagged === undefined
        ? `the user was told: "${shown(event.data.text)}"`
        : `the model's words were set aside (${shown(event.data.flagged)}) and the user was told: "${shown(event.data.text)}"`;
    case 'countersign.control.set.v1':
      return `somebody wrote ${shown(event.data.value)} to ${event.data.scope}`;
    case 'countersign.control.applied.v1':
      return `${event.data.service} applied ${shown(event.data.value)} to ${event.data.scope}${event.data.by ? `, of ${event.data.by}` : ''}`;
    case 'countersign.control.refused.v1':
      return `${event.data.service} refused what was said of ${event.data.scope} and changed nothing: ${event.data.code}, ${event.data.detail}`;
    case 'countersign.audit.heartbeat.v1':
      return `audit had stored all until ${event.data.ingestedThrough}`;
    case 'countersign.audit.checkpoint.v1':
      return `audit signed how far ${event.data.checkpoints.length} of ${event.data.trees} trees had grown`;
    case 'countersign.audit.revealed.v1':
      return `${event.data.by.sub} was shown ${values(event.data.opened)} of this trace: "${shown(event.data.reason)}"`;
    case 'countersign.audit.erased.v1':
      return `${event.data.by.sub} had the keys of ${event.data.subject} destroyed, and ${event.data.values} sealed values with them: "${shown(event.data.reason)}"`;
    case 'countersign.audit.incident-opened.v1': {
      const { by, cause, note } = event.data;
      return `${by ? `${by.sub} opened an incident` : `an incident was opened by rule (${cause})`}${note === undefined ? '' : `: "${shown(note)}"`}`;
    }
    case 'countersign.audit.incident-captured.v1':
      return `${event.data.by.sub} made a case of the incident: "${shown(event.data.case.title)}"`;
    case 'countersign.audit.incident-closed.v1':
      return `the incident was closed: the release ${event.data.fingerprint} passed its case`;
    default:
      return saysResult(event);
  }
}

type ModelCall = EventData<'countersign.model.called.v1'>;

function saysCall({ model, turn, attempts, error, response, refused = [] }: ModelCall): string {
  const tries = attempts > 1 ? ` ${attempts} times` : '';
  const asked = `${model} was asked${tries} in turn ${turn}`;
  if (error !== undefined) return `${asked} and failed: ${error}`;
  const { content, toolCalls } = (response ?? {}) as { content?: unknown; toolCalls?: { name?: unknown }[] };
  const words = typeof content === 'string' && content !== '' ? `: "${shown(content)}"` : '';
  const calls =
    Array.isArray(toolCalls) && toolCalls.length
      ? `, calling ${toolCalls.map((call) => shown(call.name)).join(', ')}`
      : '';
  const no = refused.map(({ callId, code, detail }) => `; its call ${callId} was none: ${code}, ${detail}`).join('');
  return `${asked} and answered${words}${calls}${no}`;
}

const values = (opened: readonly unknown[]) =>
  opened.length === 1 ? '1 sealed value' : `${opened.length} sealed values`;

type Event = Stored['event'];
type DecisionEvent = Extract<
  Event,
  { type: `countersign.action.${'approved' | 'denied' | 'escalated' | 'settled' | 'unsettled'}.v1` }
>;
type ResultEvent = Extract<
  Event,
  {
    type: `countersign.action.${'read' | 'previewed' | 'drafted' | 'committed' | 'failed' | 'returned' | 'blocked' | 'in-doubt' | 'resolved'}.v1`;
  }
>;

function saysDecision(event: DecisionEvent): string {
  switch (event.type) {
    case 'countersign.action.approved.v1': {
      const { grant, jti, rules, approvers, context = [], people: asked = [] } = event.data;
      const people = approvers.length ? `, countersigning ${approvers.map(({ sub }) => sub).join(' and ')}` : '';
      const rests = context.length ? `, resting on ${list(context.map(recordText))}` : '';
      const looked = asked.length ? `, to look up whether ${asked.join(' and ')} still may` : '';
      return `policy granted ${grant} (warrant ${jti})${people}${rests}${looked}; rules: ${list(rules.map(ruleText))}`;
    }
    case 'countersign.action.denied.v1':
      return `policy denied it: ${event.data.code}, ${event.data.detail}; rules: ${list(event.data.rules.map(ruleText))}`;
    case 'countersign.action.escalated.v1':
      return event.data.because === undefined
        ? `policy asked for a person (${event.data.approverRoles.join(' or ')}): ${decisive(event.data.rules, 'escalate')}`
        : `policy asked again (${event.data.approverRoles.join(' or ')}): ${shown(event.data.because)}`;
    case 'countersign.action.settled.v1':
      return `policy accepted the verdict of ${event.data.by}: ${event.data.outcome}, "${shown(event.data.reason)}"`;
    case 'countersign.action.unsettled.v1':
      return `policy did not take the verdict of ${event.data.by} (${event.data.outcome}): ${event.data.code}, ${event.data.detail}`;
    default:
      return event satisfies never;
  }
}

function saysResult(event: ResultEvent): string {
  const { data } = event;
  const reads =
    'recordsRead' in data && data.recordsRead?.length ? `, reading ${list(data.recordsRead.map(recordText))}` : '';
  switch (event.type) {
    case 'countersign.action.read.v1':
      return `the executor ran ${event.data.tool}${reads}`;
    case 'countersign.action.previewed.v1':
      return `the executor computed what would change: ${shown(event.data.preview.effect)}${reads}${peopleSeen(event.data.people)}`;
    case 'countersign.action.drafted.v1':
      return `the executor drafted: ${shown(event.data.preview.effect)}${reads}${peopleSeen(event.data.people)}`;
    case 'countersign.action.committed.v1':
      return `the executor committed ${event.data.tool} with key ${event.data.idempotencyKey}, changing ${list(event.data.recordsChanged.map(changeText))}${reads}${event.data.done ? `; ${doneText(event.data.done)}` : ''}`;
    case 'countersign.action.failed.v1':
      return `the target refused and nothing changed: ${event.data.code}, ${event.data.detail}${event.data.auditCode ? `; for auditors: ${event.data.auditCode}` : ''}`;
    case 'countersign.action.returned.v1':
      return `the executor sent nothing and handed it back: ${event.data.code}, ${event.data.detail}`;
    case 'countersign.action.blocked.v1':
      return `the executor sent nothing: ${event.data.code}, ${event.data.detail}`;
    case 'countersign.action.in-doubt.v1':
      return `it was sent and nobody knows what came of it: ${event.data.detail}`;
    case 'countersign.action.resolved.v1':
      return `the doubt was settled by ${event.data.by}: ${event.data.outcome}, ${event.data.detail}${event.data.done ? `; ${doneText(event.data.done)}` : ''}`;
    default:
      return event satisfies never;
  }
}

const peopleSeen = (people: MemberSeen[] | undefined) => (people?.length ? `; ${list(people.map(memberText))}` : '');

import type { DoneCheck, EventType, JsonObject, RecordRead, Topic } from '@countersign/contracts';
import { changeText as controlText, eventsIn, stoppedBy } from './control.js';
import { endOf, missingFrom } from './missing.js';
import type { Missing } from './need.js';
import { changeText, doneText, list, recordText, ruleText, says, shown } from './says.js';
import {
  approvalsOf,
  denialsOf,
  escalationsOf,
  eventsOf,
  ofType,
  storyOf,
  warrantsOf,
  type Stored,
  type Story,
} from './story.js';
import { actorText } from './who.js';

export interface Evidence {
  eventId: string;
  type: EventType;
  topic: Topic;
  partition: number;
  offset: string;
  at: string;
  says: string;
}

/** An action explained from stored events alone. Each of the five is a sentence; what they rest on is `evidence`. */
export interface Explanation {
  actionId: string;
  intentId: string;
  did: string;
  read: string;
  why: string;
  approvedBy: string;
  outcome: string;
  evidence: Evidence[];
  missing: Missing[];
}

/**
 * Explains one action from the stored events of its intent, and of switches and stages. With any of them gone it says what is missing and guesses
 * nothing. Undefined if no event speaks of the action.
 */
export function explain(actionId: string, trace: readonly Stored[]): Explanation | undefined {
  const story = storyOf(actionId, trace);
  if (!story) return undefined;
  return {
    actionId,
    intentId: story.intentId,
    did: did(story),
    read: read(story),
    why: why(story),
    approvedBy: approvedBy(story),
    outcome: outcome(story),
    evidence: eventsOf(story, eventsIn(stoppedBy(story)?.changes ?? [])).map(evidence),
    missing: missingFrom(story),
  };
}

const evidence = (stored: Stored): Evidence => ({
  eventId: stored.event.id,
  type: stored.event.type,
  topic: stored.topic,
  partition: stored.partition,
  offset: stored.offset,
  at: stored.at,
  says: says(stored),
});

const NOT_STORED = 'Not known: no event that says so is stored.';

/** What was asked of a tool, from whichever event still says it. */
function asked({ proposed, accepted, decisions, results }: Story): string {
  const decided = decisions.map(({ event }) => event.data).findLast((data) => 'tool' in data);
  const call = decided ?? proposed?.event.data ?? accepted?.event.data.action;
  if (call) return `${call.tool} ${shown(call.arguments)}`;
  return results[0]?.event.data.tool ?? 'an action whose call is not stored';
}

function did(story: Story): string {
  const end = endOf(story)?.event;
  const what = asked(story);
  switch (end?.type) {
    case 'countersign.action.committed.v1':
      return `Committed ${what} once, changing ${list(end.data.recordsChanged.map(changeText))}.${doneSentence(end.data.done)}`;
    case 'countersign.action.resolved.v1':
      if (end.data.by === 'person') return `${byWordOf(story)}, ${what} ${WORD[end.data.outcome]}.`;
      return end.data.outcome === 'committed'
        ? `Committed ${what}, as was found out afterwards, changing ${list(end.data.recordsChanged.map(changeText))}.${doneSentence(end.data.done)}`
        : `Sent ${what}; as was found out afterwards it changed nothing.`;
    case 'countersign.action.read.v1':
      return `Read with ${what}; nothing was changed.`;
    case 'countersign.action.previewed.v1':
      return `Computed what ${what} would change (a dry run); nothing was changed.`;
    case 'countersign.action.drafted.v1':
      return `Drafted ${what}; nothing was changed.`;
    case 'countersign.action.denied.v1':
      return `Nothing: ${what} was denied.`;
    case 'countersign.action.failed.v1':
      return `Nothing: the target refused ${what}.`;
    case 'countersign.action.blocked.v1':
      return `Nothing: ${what} was blocked before it was sent.`;
    default:
      return `Not known: no event that ends ${what} is stored.`;
  }
}

const WORD = {
  committed: 'was committed; what it changed at the target is not recorded here',
  failed: 'changed nothing at the target',
} as const;

/** Whose verdict policy took; the token behind it is not stored, so the roles are as approval told them. */
const settlement = (story: Story) => {
  const taken = ofType(story.decisions as Stored[], 'countersign.action.settled.v1')[0];
  const said = approvalsOf(story, 'countersign.approval.settled.v1').find(
    ({ event }) => event.id === taken?.event.causationid,
  );
  return taken && { ...taken.event.data, roles: said?.event.data.approver.roles ?? [], at: said?.at ?? taken.at };
};

const byWordOf = (story: Story) => `By the word of ${settlement(story)?.by ?? 'a person'}`;

const doneSentence = (done: DoneCheck | undefined) => (done ? ` ${capital(doneText(done))}.` : '');
const capital = (text: string) => `${text[0]!.toUpperCase()}${text.slice(1)}`;

function read(story: Story): string {
  const records = new Map<string, RecordRead>();
  for (const { event } of [...story.earlierReads, ...story.results]) {
    if (!('recordsRead' in event.data)) continue;
    for (const record of event.data.recordsRead ?? []) records.set(recordText(record), record);
  }
  if (records.size > 0) return `${[...records.keys()].join('; ')}.`;
  const ran = story.results.length > 0 || denialsOf(story).length > 0;
  return ran ? 'The stored results name no record.' : NOT_STORED;
}

function why(story: Story): string {
  const { accepted, proposed } = story;
  const parts: string[] = [];
  if (accepted) {
    const { actor, text, action } = accepted.event.data;
    parts.push(`${actorText(actor)} asked ${action ? `for ${action.tool}` : `"${shown(text ?? '')}"`}`);
  }
  if (proposed) parts.push(`the model proposed it in turn ${proposed.event.data.turn}`);
  for (const { event } of story.decisions) {
    if (event.type === 'countersign.action.settled.v1' || event.type === 'countersign.action.unsettled.v1') continue;
    const verdict =
      event.type === 'countersign.action.approved.v1'
        ? `granted ${event.data.grant}`
        : event.type === 'countersign.action.denied.v1'
          ? `denied it (${event.data.code}: ${event.data.detail})`
          : 'asked for a person';
    const rules = event.data.rules.length ? ` by ${event.data.rules.map(ruleText).join('; ')}` : '';
    parts.push(`policy ${event.data.policyVersion} ${verdict}${stageText(event.data.facts)}${rules}`);
  }
  parts.push(...(stoppedBy(story)?.changes ?? []).map(controlText));
  return parts.length ? `${parts.join('; ')}.` : NOT_STORED;
}

/** What was proposed, who changed it, and what takes effect then. */
function editsText({ decisions }: Story): string {
  const last = decisions.findLast(({ event }) => 'edits' in event.data && event.data.edits?.length)?.event;
  if (!last || !('edits' in last.data) || !last.data.edits) return '';
  const { edits, arguments: effective } = last.data;
  const changes = edits.map(({ by, roles, at, reason, narrowing }, index) => {
    const after = edits[index + 1]?.arguments ?? effective;
    const kind = narrowing ? ', which only takes away,' : '';
    return `${by} (${roles.join(', ')}) changed it${kind} to ${shown(after)} at ${at}: "${shown(reason)}"`;
  });
  return ` What was proposed was ${shown(edits[0]!.arguments)}; ${changes.join('; ')}.`;
}

const stageText = (facts: JsonObject | undefined) =>
  typeof facts?.['stage'] === 'string' ? ` at the stage ${facts['stage']}` : '';

function approvedBy(story: Story): string {
  return `${people(story)}${editsText(story)}`;
}

function people(story: Story): string {
  const commit = warrantsOf(story).findLast(({ event }) => event.data.grant !== 'preview' || event.data.dryRun);
  const denied = denialsOf(story).at(-1);
  const said = peopleSaid(story);
  if (denied) return said ? `Nobody: ${said}.` : `Nobody: policy denied it by itself (${denied.event.data.code}).`;
  if (commit) {
    const { approvers, rules, grant } = commit.event.data;
    if (approvers.length)
      return `${approvers.map(({ sub, roles, at, reason }) => `${sub} (${roles.join(', ')}) at ${at}: "${shown(reason)}"`).join('; ')}.`;
    if (grant === 'draft') return 'No person was needed: a draft changes nothing.';
    const allowing = rules.filter((rule) => rule.outcome === 'allow').map(ruleText);
    return `No person was needed to ${grant}; rules that allow it: ${list(allowing)}.`;
  }
  if (said) return `Not known: ${said}, and policy's answer is not stored.`;
  return escalationsOf(story).length
    ? 'Nobody yet: it waits for a person, or what was decided is not stored.'
    : NOT_STORED;
}

function peopleSaid(story: Story): string {
  const answers = approvalsOf(
    story,
    'countersign.approval.granted.v1',
    'countersign.approval.edited.v1',
    'countersign.approval.rejected.v1',
    'countersign.approval.expired.v1',
  );
  return answers.map((answer) => says(answer as Stored)).join('; ');
}

function outcome(story: Story): string {
  const end = endOf(story);
  const told = story.reply?.event.data;
  const instead =
    told?.flagged === undefined ? '' : ` in place of the model's words, which were set aside (${shown(told.flagged)})`;
  const reply = told ? ` The user was told${instead}: "${shown(told.text)}"` : '';
  if (!end) return `Not known: no event that ends it is stored.${reply}`;
  const name = end.event.type.split('.')[2];
  const code = 'code' in end.event.data && end.event.data.code ? ` (${end.event.data.code})` : '';
  const audited = 'auditCode' in end.event.data && end.event.data.auditCode;
  return `${name}${code}${audited ? `, for auditors ${audited},` : ''} at ${end.at}.${settlementText(story)}${reply}`;
}

/** Who settled a doubt, when and why. */
function settlementText(story: Story): string {
  const settled = settlement(story);
  if (!settled) return '';
  const { by, roles, at, outcome: found, reason } = settled;
  return ` ${by} (${roles.join(', ')}) said at ${at} that it ${found}: "${shown(reason)}".`;
}

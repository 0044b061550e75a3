import { endOf } from './missing.js';
import { NOT_STORED, said, type Said } from './said.js';
import { list, ruleText, says, shown } from './says.js';
import {
  approvalsOf,
  denialsOf,
  escalationsOf,
  ofType,
  warrantsOf,
  type Stored,
  type Story,
  type Warrant,
} from './story.js';

/** Who approved it, or why nobody had to, and who changed what of it. */
export function approvedBy(story: Story): Said[] {
  return [people(story), ...edits(story), ...handedOn(story)];
}

function people(story: Story): Said {
  const commit = warrantsOf(story).findLast(({ event }) => event.data.grant !== 'preview' || event.data.dryRun);
  const denied = denialsOf(story).at(-1);
  const answers = answersIn(story);
  const heard = answers.map(says).join('; ');
  if (denied)
    return heard
      ? said(`Nobody: ${heard}.`, ...answers, denied)
      : said(`Nobody: policy denied it by itself (${denied.event.data.code}).`, denied);
  if (commit) return byWarrant(story, commit);
  const end = endOf(story);
  if (end && !heard && 'grant' in end.event.data && end.event.data.grant === 'preview')
    return said('Nobody was asked: it ended with its preview.', end);
  if (heard) return said(`Not known: ${heard}, and policy's answer is not stored.`, ...answers);
  const asked = escalationsOf(story);
  return asked.length
    ? said('Nobody yet: it waits for a person, or what was decided is not stored.', ...asked)
    : said(NOT_STORED);
}

function byWarrant(story: Story, warrant: Warrant): Said {
  const { approvers, rules, grant } = warrant.event.data;
  if (approvers.length) {
    const each = approvers.map(
      ({ sub, roles, at, reason }) => `${sub} (${roles.join(', ')}) at ${at}: "${shown(reason)}"`,
    );
    const granted = approvalsOf(story, 'countersign.approval.granted.v1').filter(({ event }) =>
      approvers.some(({ sub }) => sub === event.data.approver.sub),
    );
    const asked = escalationsOf(story).at(-1);
    const needed = asked?.event.data.approvalsNeeded ?? 1;
    const several = needed > 1 ? ` ${needed} people were needed.` : '';
    return said(`${each.join('; ')}.${several}`, needed > 1 ? asked : undefined, ...granted, warrant);
  }
  if (grant === 'draft') return said('No person was needed: a draft changes nothing.', warrant);
  const allowing = rules.filter((rule) => rule.outcome === 'allow').map(ruleText);
  return said(`No person was needed to ${grant}; rules that allow it: ${list(allowing)}.`, warrant);
}

const answersIn = (story: Story): Stored[] =>
  approvalsOf(
    story,
    'countersign.approval.granted.v1',
    'countersign.approval.edited.v1',
    'countersign.approval.rejected.v1',
    'countersign.approval.expired.v1',
  ) as Stored[];

/** What was proposed, who changed it, and what takes effect then. */
function edits(story: Story): Said[] {
  const last = story.decisions.findLast(({ event }) => 'edits' in event.data && event.data.edits?.length);
  if (!last || !('edits' in last.event.data) || !last.event.data.edits) return [];
  const { edits, arguments: effective } = last.event.data;
  const changes = edits.map(({ by, roles, at, reason, narrowing }, index) => {
    const after = edits[index + 1]?.arguments ?? effective;
    const kind = narrowing ? ', which only takes away,' : '';
    return `${by} (${roles.join(', ')}) changed it${kind} to ${shown(after)} at ${at}: "${shown(reason)}"`;
  });
  const edited = approvalsOf(story, 'countersign.approval.edited.v1');
  return [said(`What was proposed was ${shown(edits[0]!.arguments)}; ${changes.join('; ')}.`, ...edited, last)];
}

const handedOn = (story: Story): Said[] =>
  ofType(story.asides as Stored[], 'countersign.approval.delegated.v1').map(({ event, ...stored }) =>
    said(
      `${event.data.by.sub} (${event.data.by.roles.join(', ')}) handed it on to ${event.data.to} at ${stored.at}: "${shown(event.data.reason)}".`,
      { event, ...stored },
    ),
  );

/*
 * What an action's story needs and the store does not hold.
 *
 *  1  Every statement is drawn from an event that is stored (`namedBy`): it refers to another by a warrant's id, an action hash, a
 *     preview's digest or a turn, or it cannot have come about without it.
 *  2  Nothing is guessed: where several types could be what is missing, all of them are named.
 *  3  What has not happened yet is missing too: from stored events alone the two cannot be told apart.
 */
import type { EventType } from '@countersign/contracts';
import { missingFromControl } from './control.js';
import { missingFromApproval } from './missing-approval.js';
import { need, type Missing } from './need.js';
import {
  approvalsOf,
  escalationsOf,
  ofType,
  RESULT_TYPES,
  resultsOf,
  warrantsOf,
  type Result,
  type Stored,
  type Story,
  type Warrant,
} from './story.js';

const DECIDED: EventType[] = [
  'countersign.action.approved.v1',
  'countersign.action.escalated.v1',
  'countersign.action.denied.v1',
];

/** Everything missing, the beginning of the story first. Empty for a story that is whole and has ended. */
export function missingFrom(story: Story): Missing[] {
  return [
    ...missingOrigin(story),
    ...missingReads(story),
    ...missingDecision(story),
    ...missingWarrants(story),
    ...missingPreviews(story),
    ...missingFromApproval(story),
    ...missingResults(story),
    ...missingNextDecision(story),
    ...missingSettlement(story),
    ...missingFromControl(story),
    ...missingReply(story),
  ];
}

const anyOf = (story: Story): Stored | undefined =>
  (story.decisions[0] ?? story.results[0] ?? story.proposed ?? story.approvals[0] ?? story.reply) as Stored | undefined;

function missingOrigin(story: Story): Missing[] {
  const { accepted, raw, proposed, modelCall } = story;
  const missing: Missing[] = [];
  const some = anyOf(story);
  if (accepted && !raw) {
    const { source, requestId, kind } = accepted.event.data;
    missing.push(
      need(accepted, `the request ${requestId} of ${source} as it was published`, `countersign.${kind}.requested.v1`),
    );
  }
  if (!accepted && some) {
    missing.push(
      need(
        some,
        `who asked, and by what authority: the acceptance of ${story.intentId}`,
        'countersign.intent.accepted.v1',
      ),
    );
  }
  const byModel = accepted
    ? accepted.event.data.kind === 'intent'
    : raw?.event.type === 'countersign.intent.requested.v1';
  if (byModel && !proposed && some)
    missing.push(need(some, 'what was proposed, and in which turn', 'countersign.action.proposed.v1'));
  if (proposed && !modelCall) {
    missing.push(
      need(
        proposed,
        `the model's answer of turn ${proposed.event.data.turn} that led to it`,
        'countersign.model.called.v1',
      ),
    );
  }
  if (modelCall && story.lostCause !== undefined)
    missing.push(need(modelCall, `what the model was asked again after (${story.lostCause})`, ...LEADS));
  return missing;
}

const LEADS: EventType[] = [
  ...RESULT_TYPES,
  ...DECIDED,
  'countersign.model.called.v1',
  'countersign.intent.accepted.v1',
];

/** What a read warrant issued before this action brought: the model may have gone by it. */
function missingReads(story: Story): Missing[] {
  const brought = new Set(story.earlierReads.map(({ event }) => event.data.actionId));
  const otherwise = story.reply?.event.data.actions.filter(({ outcome }) => outcome !== 'read') ?? [];
  for (const { actionId } of otherwise) brought.add(actionId);
  return story.earlierWarrants
    .filter(({ event }) => !brought.has(event.data.actionId))
    .map((warrant) =>
      need(
        warrant,
        `what ${warrant.event.data.tool} read before it`,
        'countersign.action.read.v1',
        'countersign.action.failed.v1',
      ),
    );
}

function missingDecision(story: Story): Missing[] {
  const cause = story.proposed ?? (story.accepted?.event.data.action ? story.accepted : undefined);
  if (!cause || story.decisions.length > 0 || story.results.length > 0 || story.approvals.length > 0) return [];
  return [need(cause, "policy's decision on it", ...DECIDED)];
}

/** A result says which warrant it answers. */
function missingWarrants(story: Story): Missing[] {
  const known = new Set(warrantsOf(story).map(({ event }) => event.data.jti));
  const lost = new Map(
    (story.results as Result[])
      .filter(({ event }) => !known.has(event.data.jti))
      .map((result) => [result.event.data.jti, result]),
  );
  return [...lost.values()].map((result) =>
    need(
      result,
      `the ${result.event.data.grant} warrant ${result.event.data.jti} it was done by`,
      'countersign.action.approved.v1',
    ),
  );
}

/** A warrant or an escalation says which preview it was decided on. */
function missingPreviews(story: Story): Missing[] {
  const seen = new Set(
    resultsOf(story, 'countersign.action.previewed.v1', 'countersign.action.returned.v1').map(
      ({ event }) => event.data.preview?.digest,
    ),
  );
  const lost = new Map<string, Missing>();
  for (const decision of [...escalationsOf(story), ...warrantsOf(story)]) {
    const digest = decision.event.data.preview?.digest;
    if (digest === undefined || seen.has(digest) || lost.has(digest)) continue;
    const says = `the preview ${digest} it was decided on`;
    lost.set(digest, need(decision, says, 'countersign.action.previewed.v1', 'countersign.action.returned.v1'));
  }
  return [...lost.values()];
}

/** A warrant is answered by a result; one for a preview that a later decision quotes is named there already. */
function missingResults(story: Story): Missing[] {
  const answered = new Set(story.results.map(({ event }) => event.data.jti));
  const previewLost = missingPreviews(story).length > 0;
  return warrantsOf(story)
    .filter(({ event }) => !answered.has(event.data.jti) && !(previewLost && event.data.grant === 'preview'))
    .map((warrant) =>
      need(
        warrant,
        `what came of the ${warrant.event.data.grant} warrant ${warrant.event.data.jti}`,
        ...couldAnswer(warrant),
      ),
    );
}

function couldAnswer({ event }: Warrant): EventType[] {
  const own: Record<Warrant['event']['data']['grant'], EventType> = {
    read: 'countersign.action.read.v1',
    preview: 'countersign.action.previewed.v1',
    draft: 'countersign.action.drafted.v1',
    commit: 'countersign.action.committed.v1',
  };
  const done: readonly string[] = Object.values(own);
  return RESULT_TYPES.filter((type) => type === own[event.data.grant] || !done.includes(type));
}

/** A preview that is not the end, and what the executor returned unsent, are decided on again. */
function missingNextDecision(story: Story): Missing[] {
  const dry =
    story.proposed?.event.data.dryRun ??
    story.accepted?.event.data.action?.dryRun ??
    warrantsOf(story)[0]?.event.data.dryRun;
  const open = [
    ...(dry ? [] : resultsOf(story, 'countersign.action.previewed.v1')),
    ...resultsOf(story, 'countersign.action.returned.v1'),
  ];
  return open
    .filter((result) => !goesOnAfter(story, result))
    .map((result) => need(result, "policy's decision on what the executor handed back", ...DECIDED));
}

const goesOnAfter = (
  story: Story,
  { event, at }: Stored<'countersign.action.previewed.v1' | 'countersign.action.returned.v1'>,
) =>
  story.decisions.some((decision) => decision.at > at) ||
  story.results.some((result) => result.at > at && result.event.data.jti !== event.data.jti);

function missingSettlement(story: Story): Missing[] {
  const doubts = resultsOf(story, 'countersign.action.in-doubt.v1');
  const resolved = resultsOf(story, 'countersign.action.resolved.v1');
  const missing = doubts
    .filter(({ event }) => !resolved.some((end) => end.event.data.jti === event.data.jti))
    .map((doubt) => need(doubt, 'how the doubt was settled', 'countersign.action.resolved.v1'));
  for (const end of resolved) {
    const doubted = doubts.some(({ event }) => event.data.jti === end.event.data.jti);
    if (!doubted) missing.push(need(end, 'the doubt that it settled', 'countersign.action.in-doubt.v1'));
  }
  return [...missing, ...missingVerdicts(story)];
}

const SAID = 'countersign.approval.settled.v1';
const TAKEN = 'countersign.action.settled.v1';
const NOT_TAKEN = 'countersign.action.unsettled.v1';

/** Policy answers each verdict, naming it as the cause, unless a look-up has found out meanwhile. */
function missingVerdicts(story: Story): Missing[] {
  const said = approvalsOf(story, SAID);
  const answers = ofType(story.decisions as Stored[], TAKEN, NOT_TAKEN);
  const ends = resultsOf(story, 'countersign.action.resolved.v1');
  const isAnswered = ({ event }: Stored) => answers.some((answer) => answer.event.causationid === event.id);
  const isKnown = ({ event }: Stored) => said.some((verdict) => verdict.event.id === event.causationid);
  const byPerson = ends.find(({ event }) => event.data.by === 'person');
  const taken = answers.some(({ event }) => event.type === TAKEN);
  return [
    ...answers.filter((one) => !isKnown(one)).map((one) => need(one, "the person's verdict it answers", SAID)),
    ...(ends.length > 0 && !byPerson ? [] : said.filter((one) => !isAnswered(one as Stored))).map((one) =>
      need(one, "policy's word on the person's verdict", TAKEN, NOT_TAKEN),
    ),
    ...(byPerson && !taken ? [need(byPerson, "policy's word on a person's verdict", TAKEN)] : []),
    ...(byPerson && said.length === 0 ? [need(byPerson, "a person's verdict", SAID)] : []),
  ];
}

const ENDS: readonly EventType[] = [
  'countersign.action.read.v1',
  'countersign.action.drafted.v1',
  'countersign.action.committed.v1',
  'countersign.action.failed.v1',
  'countersign.action.blocked.v1',
  'countersign.action.resolved.v1',
  'countersign.action.denied.v1',
];

/** The event an action ended with, if it is stored. A dry run ends with its preview. */
export function endOf(story: Story): Stored | undefined {
  const all = [...story.decisions, ...story.results] as Stored[];
  const dry = warrantsOf(story).some(({ event }) => event.data.dryRun);
  return all.findLast(
    ({ event }) => ENDS.includes(event.type) || (dry && event.type === 'countersign.action.previewed.v1'),
  );
}

function missingReply(story: Story): Missing[] {
  const end = endOf(story);
  return end && !story.reply ? [need(end, 'the reply the user was given', 'countersign.reply.sent.v1')] : [];
}

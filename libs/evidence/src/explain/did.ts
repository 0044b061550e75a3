import type { DoneCheck } from '@countersign/contracts';
import { endOf } from './missing.js';
import { said, type Said } from './said.js';
import { changeText, doneText, list, shown } from './says.js';
import { settlementOf } from './settlement.js';
import type { Stored, Story } from './story.js';

/** What was asked of a tool, from whichever event still says it, and that event. */
function asked({ proposed, accepted, decisions, results }: Story): Said {
  const decided = decisions.findLast(({ event }) => 'tool' in event.data);
  const by = (decided ?? proposed) as Stored | undefined;
  const call =
    decided && 'tool' in decided.event.data
      ? decided.event.data
      : (proposed?.event.data ?? accepted?.event.data.action);
  if (call) return said(`${call.tool} ${shown(call.arguments)}`, by ?? accepted);
  return said(results[0]?.event.data.tool ?? 'an action whose call is not stored', results[0]);
}

/** What was done with it, in one sentence. */
export function did(story: Story): Said {
  const end = endOf(story);
  const { says: what, from } = asked(story);
  const settled = end?.event.type === 'countersign.action.resolved.v1' ? settlementOf(story)?.from : undefined;
  return said(deed(story, end?.event, what), ...from, end, ...(settled ?? []));
}

function deed(story: Story, end: Stored['event'] | undefined, what: string): string {
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

const byWordOf = (story: Story) => `By the word of ${settlementOf(story)?.by ?? 'a person'}`;

const doneSentence = (done: DoneCheck | undefined) => (done ? ` ${capital(doneText(done))}.` : '');
const capital = (text: string) => `${text[0]!.toUpperCase()}${text.slice(1)}`;

/*
 * An action explained.
 *
 *  1  From stored events alone. Every sentence names the events it is drawn from, and `account` says the same as values.
 *  2  With any event of `evidence` gone it says what is missing and guesses nothing (missing.ts).
 *  3  No event refers to a disclosure, an item's being handed on or an incident, so one that is gone cannot be missed here: `audit
 *     verify` shows it. They stand apart, as asides.
 */
import type { z } from 'zod';
import type { explanation } from '../answers.js';
import { accountOf } from './account.js';
import { approvedBy } from './approved-by.js';
import { eventsIn, stoppedBy } from './control.js';
import { did } from './did.js';
import { missingFrom } from './missing.js';
import { outcome } from './outcome.js';
import { read } from './read.js';
import { sentence, type Said } from './said.js';
import { says } from './says.js';
import { eventsOf, storyOf, type Stored } from './story.js';
import { why } from './why.js';

export type Explanation = z.infer<typeof explanation>;
export type Evidence = Explanation['evidence'][number];
/** A statement of one of the five, and the ids of the events it is drawn from. */
export type Sentence = Explanation['sentences'][number];

const PARTS = ['did', 'read', 'why', 'approvedBy', 'outcome'] as const;
type Part = (typeof PARTS)[number];

/** Explains one action from the stored events of its intent, and of switches and stages. Undefined if no event speaks of the action. */
export function explain(actionId: string, trace: readonly Stored[]): Explanation | undefined {
  const story = storyOf(actionId, trace);
  if (!story) return undefined;
  const told: Record<Part, Said[]> = {
    did: [did(story)],
    read: read(story),
    why: why(story),
    approvedBy: approvedBy(story),
    outcome: outcome(story),
  };
  return {
    actionId,
    intentId: story.intentId,
    did: told.did[0]!.says,
    read: sentence(told.read),
    why: sentence(told.why),
    approvedBy: text(told.approvedBy),
    outcome: text(told.outcome),
    sentences: PARTS.flatMap((part) => told[part].map((each) => sentenceOf(part, each))),
    account: accountOf(story),
    evidence: eventsOf(story, eventsIn(stoppedBy(story)?.changes ?? [])).map(evidence),
    asides: (story.asides as Stored[]).map(evidence),
    missing: missingFrom(story),
  };
}

/** Whole sentences, one after the other. */
const text = (parts: readonly Said[]) => parts.map(({ says }) => says).join(' ');

const sentenceOf = (part: Part, { says, from }: Said): Sentence => ({
  part,
  says,
  evidence: [...new Set(from.map(({ event }) => event.id))],
});

const evidence = (stored: Stored): Evidence => ({
  eventId: stored.event.id,
  type: stored.event.type,
  topic: stored.topic,
  partition: stored.partition,
  offset: stored.offset,
  at: stored.at,
  says: says(stored),
});

import type { Incoming } from '@countersign/contracts';
import type { Consumer } from '@countersign/messaging';
import { checkSignature, type KeyRing } from '@countersign/signing';
import { controlTouches, decideApproved, decideControl, placeOf, type ControlFacts, type Facts } from './decide.js';
import type { Warrant } from './state.js';
import type { WarrantBook } from './warrant-book.js';

/** Target of work whose tool this executor does not have; it ends as blocked. */
const NO_TARGET = 'none';

export interface IntakeParts {
  book: WarrantBook;
  targetOf: (warrant: Warrant) => string | undefined;
  /** Told of each record that policy did not sign as it stands. */
  onForged: (incoming: Incoming, because: string) => void;
}

/** Judges each approval's signature before the transaction. Nothing else of a record is believed. */
export function judge(events: Incoming[], { book, targetOf, onForged }: IntakeParts): Facts {
  const facts = new Map<string, { ok: true; packed: string; target: string } | { ok: false; because: string }>();
  for (const incoming of events) {
    if (incoming.event.type !== 'countersign.action.approved.v1') continue;
    const opened = book.fromRecord(incoming);
    if (!opened.ok) onForged(incoming, opened.because);
    facts.set(
      placeOf(incoming),
      opened.ok ? { ok: true, packed: opened.packed, target: targetOf(opened.warrant) ?? NO_TARGET } : opened,
    );
  }
  return facts;
}

export function executorConsumer(parts: IntakeParts): Consumer<Facts> {
  return {
    name: 'executor',
    topics: {
      decisions: {
        'countersign.action.approved.v1': { touches: () => [], decide: decideApproved },
        'countersign.intent.accepted.v1': 'ignore',
        'countersign.intent.refused.v1': 'ignore',
        'countersign.action.denied.v1': 'ignore',
        'countersign.action.escalated.v1': 'ignore',
        'countersign.action.settled.v1': 'ignore',
      },
    },
    prepare: (events) => Promise.resolve(judge(events, parts)),
  };
}

export interface ControlParts {
  instance: string;
  ring: KeyRing;
  /** Told of each word of policy's that policy did not sign as it stands. */
  onForged: (incoming: Incoming, because: string) => void;
}

/** Which acknowledgements policy signed. Those of the executors themselves change nothing, whoever signed them. */
export function judgeWords(events: Incoming[], { instance, ring, onForged }: ControlParts): ControlFacts {
  const signed = new Set<string>();
  for (const incoming of events) {
    const { event } = incoming;
    if (event.type !== 'countersign.control.applied.v1' || event.data.service !== 'policy') continue;
    const checked = checkSignature(ring, 'policy', incoming);
    if (checked.ok) signed.add(placeOf(incoming));
    else onForged(incoming, checked.because);
  }
  return { instance, signed };
}

export const CONTROL = 'executor-control';

/** Read by every instance for itself: one that is frozen delays nobody. */
export function controlConsumer(parts: ControlParts): Consumer<ControlFacts> {
  const change = { touches: controlTouches, decide: decideControl };
  return {
    name: CONTROL,
    everyInstance: true,
    topics: {
      control: { 'countersign.control.set.v1': change },
      'control-acks': { 'countersign.control.applied.v1': change, 'countersign.control.refused.v1': 'ignore' },
    },
    prepare: (events) => Promise.resolve(judgeWords(events, parts)),
  };
}

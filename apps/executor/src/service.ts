import type { Incoming } from '@countersign/contracts';
import type { Consumer } from '@countersign/messaging';
import { checkSignature, type KeyRing } from '@countersign/signing';
import {
  controlTouches,
  decideApproved,
  decideControl,
  decideSettled,
  placeOf,
  settledTouches,
  type ControlFacts,
  type Facts,
} from './decide.js';
import type { Beat, Heartbeats } from './heartbeats.js';
import type { Warrant } from './state.js';
import type { WarrantBook } from './warrant-book.js';

/** Target of work whose tool this executor does not have; it ends as blocked. */
const NO_TARGET = 'none';

export interface IntakeParts {
  book: WarrantBook;
  ring: KeyRing;
  targetOf: (warrant: Warrant) => string | undefined;
  /** Told of each record that policy did not sign as it stands. */
  onForged: (incoming: Incoming, because: string) => void;
}

type Judged = Facts extends ReadonlyMap<string, infer Fact> ? Fact : never;

/** Judges each record's signature before the transaction. Nothing else of a record is believed. */
export function judge(events: Incoming[], parts: IntakeParts): Facts {
  const facts = new Map<string, Judged>();
  for (const incoming of events) {
    const judged = judgeOne(incoming, parts);
    if (!judged) continue;
    if (!judged.ok) parts.onForged(incoming, judged.because);
    facts.set(placeOf(incoming), judged);
  }
  return facts;
}

function judgeOne(incoming: Incoming, { book, ring, targetOf }: IntakeParts): Judged | undefined {
  if (incoming.event.type === 'countersign.action.settled.v1') {
    const checked = checkSignature(ring, 'policy', incoming);
    return checked.ok ? { ok: true, tag: 'word' } : checked;
  }
  if (incoming.event.type !== 'countersign.action.approved.v1') return undefined;
  const opened = book.fromRecord(incoming);
  if (!opened.ok) return { ok: false, because: opened.because };
  return { ok: true, tag: 'warrant', packed: opened.packed, target: targetOf(opened.warrant) ?? NO_TARGET };
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
        'countersign.action.settled.v1': { touches: settledTouches, decide: decideSettled },
        'countersign.action.unsettled.v1': 'ignore',
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

export interface AuditParts {
  ring: KeyRing;
  heartbeats: Heartbeats;
  /** The database's time. */
  clock: () => Promise<Pick<Beat, 'now' | 'at'>>;
  onForged: (incoming: Incoming, because: string) => void;
}

/** Audit's heartbeat, read by every instance for itself and kept in memory: a record counts for no later than it was appended. */
export function auditConsumer({ ring, heartbeats, clock, onForged }: AuditParts): Consumer<void> {
  return {
    name: 'executor-audit',
    everyInstance: 'last',
    topics: {
      audit: {
        'countersign.audit.heartbeat.v1': { touches: () => [], decide: () => [] },
        'countersign.audit.checkpoint.v1': 'ignore',
        'countersign.audit.revealed.v1': 'ignore',
        'countersign.audit.erased.v1': 'ignore',
        'countersign.audit.incident-opened.v1': 'ignore',
        'countersign.audit.incident-captured.v1': 'ignore',
        'countersign.audit.incident-closed.v1': 'ignore',
      },
    },
    prepare: async (events) => {
      const time = await clock();
      for (const incoming of events) {
        const { event, record } = incoming;
        if (event.type !== 'countersign.audit.heartbeat.v1') continue;
        const checked = checkSignature(ring, 'audit', incoming);
        const through = Math.min(Date.parse(event.data.ingestedThrough), record.timestamp);
        if (checked.ok) heartbeats.heard({ through, ...time });
        else onForged(incoming, checked.because);
      }
    },
  };
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

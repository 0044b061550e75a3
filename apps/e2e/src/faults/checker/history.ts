import type { Topic } from '@countersign/contracts';

/** What the checker judges by. Only the topics' records were written by what it judges. */
export interface History {
  /** What the client asked, said and was answered. */
  client: readonly ClientEntry[];
  /** The ledgers of the systems of record. */
  effects: readonly Effect[];
  /** Every record of every topic, from offset 0. */
  records: readonly Told[];
  /** The offsets that audit holds, by `topic/partition`. */
  audited: ReadonlyMap<string, ReadonlySet<number>>;
  /** The actions that `GET /v1/in-doubt` listed in the end. */
  listedInDoubt: readonly string[];
  /** `COUNTERSIGN_AUDIT_LIMIT_MS` as the executors had it. */
  auditLimitMs: number;
  /** When the last fault was taken back, and when nothing was open any more. */
  lastFaultAt: number;
  drainedAt: number;
}

/** A record as the log holds it. Of its data, what the laws look at. */
export interface Told {
  topic: Topic;
  partition: number;
  offset: number;
  /** When the broker took it, in ms. */
  at: number;
  id: string;
  type: string;
  tenant: string;
  intentId: string;
  cause: string;
  /** Of value and key: copies of one event have the same. */
  digest: string;
  data: Readonly<Record<string, unknown>>;
}

/** A line of a ledger of effects, append-only, written by the system of record itself. */
export interface Effect {
  ledger: string;
  seq: number;
  /** When the system of record began it, by its own clock, in ms. */
  startedAt: number;
  tenant: string;
  kind: string;
  record: string;
  amount?: string;
  currency?: string;
  idempotencyKey: string;
}

export interface Asked {
  what: 'asked';
  /** Before it was first sent; in ms, as all of the client's. */
  at: number;
  kind: string;
  intentId: string;
  tenant: string;
  actor: string;
  workflow: string;
  /** Absent: in words, and the model chooses. */
  tool?: string;
  arguments?: Readonly<Record<string, unknown>>;
  /** How it may end: an outcome, or one with its code such as `denied APPROVAL_REJECTED`. */
  lawful: readonly string[];
}

/** A person's word on an item of the queue. */
export interface Said {
  what: 'said';
  at: number;
  actionId: string;
  person: string;
  decision: 'approve' | 'reject' | 'edit';
  /** Of an edit: what they are then. */
  arguments?: Readonly<Record<string, unknown>>;
  /** Absent: no answer came. */
  status?: number;
}

/** A switch was tripped or re-armed. */
export interface Switched {
  what: 'switched';
  at: number;
  /** When the answer was there. */
  answeredAt: number;
  scope: string;
  killed: boolean;
  status?: number;
}

/** A person's verdict on a doubt. */
export interface Settled {
  what: 'settled';
  at: number;
  actionId: string;
  person: string;
  outcome: 'committed' | 'failed';
  status?: number;
}

export interface Faulted {
  what: 'fault';
  at: number;
  until: number;
  name: string;
  hits: number;
  note?: string;
  skipped?: string;
}

export type ClientEntry = Asked | Said | Switched | Settled | Faulted;

/** What may not be, by the name it is told under. */
export const LAWS = [
  ...(['told-two-ways', 'lost-intent', 'ended-twice', 'unasked', 'illegal-word', 'lost-action'] as const),
  ...(['untrue-reply', 'wrong-end', 'killed-by-nobody', 'doubt-on-class-a', 'doubt-not-listed'] as const),
  ...(['settled-by-nobody', 'audit-incomplete', 'late-drain', 'effect-twice', 'effect-missing'] as const),
  ...(['effect-forbidden', 'effect-unwarranted', 'effect-differs', 'effect-while-killed', 'begun-unrecorded'] as const),
  ...(['commit-not-as-asked', 'commit-not-agreed'] as const),
];
export type Law = (typeof LAWS)[number];

/** Something that is not as it must be, and where to look. */
export interface Flaw {
  law: Law;
  what: string;
  evidence: string[];
}

export const flaw = (law: Law, what: string, evidence: string[]): Flaw => ({ law, what, evidence });
export const placeOf = ({ topic, partition, offset }: Told): string => `${topic}/${partition}@${offset}`;
export const ledgerPlaceOf = ({ ledger, seq }: Effect): string => `${ledger}#${seq}`;

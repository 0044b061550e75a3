import { parseControl, type ControlRecord, type ReleaseValue, type Stage } from '@countersign/contracts';

/*
 * What is known of one scope of the control topic: one state row a scope, in every service that goes by it. What it guarantees:
 * 1. Only a later record changes what it says: delivered twice, or out of order, the row says the same.
 * 2. A tombstone, and a value of no known form, change nothing.
 * 3. It remembers the last trip, even one that comes after its re-arm: a warrant decided on before it is never carried out.
 */
export type ControlRow = KillRow | StageRow | ReleaseRow;

interface Said {
  scope: string;
  /** Offset of the record that says so. */
  epoch: number;
  /** When the broker took it. RFC 3339. */
  at: string;
  by?: string;
  reason?: string;
}

export interface KillRow extends Said {
  kind: 'kill';
  killed: boolean;
  /** Offset of the last trip. */
  trippedEpoch?: number;
  /** When it was on, oldest first; without `to` it still is. */
  pauses: Pause[];
}

export interface StageRow extends Said {
  kind: 'stage';
  stage: Stage;
}

/** What may act of a workflow: the fingerprint released last, and the one before it while services change over. */
export interface ReleaseRow extends Said {
  kind: 'release';
  fingerprint: string;
  /** None after a rollback: what was withdrawn counts no more. */
  previous?: string;
  /** What was ever released, newest first. */
  history: Release[];
}

export interface Release {
  fingerprint: string;
  epoch: number;
  at: string;
  /** As it was signed. */
  report: ReleaseValue['report'];
}

export interface Pause {
  from: string;
  to?: string;
}

/** A verified record of the control topic. */
export interface ControlChange {
  scope: string;
  value: unknown;
  epoch: number;
  at: string;
  /** The verified person; of a trip, whatever its value says. */
  by?: string | undefined;
}

const MAX_PAUSES = 50;
const MAX_RELEASES = 50;

export const controlKey = (scope: string) => `control:${scope}`;
export const CONTROL_KEYS = { from: 'control:', to: 'control;' } as const;

/** The row after a change; undefined where it changes nothing. Whether the change may be made was judged before. */
export function applyControl(row: ControlRow | undefined, change: ControlChange): ControlRow | undefined {
  const record = parseControl(change.scope, change.value);
  if (!record) return undefined;
  if (row && row.epoch >= change.epoch) return overtaken(row, record, change.epoch);
  const { scope, epoch, at } = change;
  if (record.kind === 'release') return releasedBy(row, record.value, { scope, epoch, at });
  const { reason } = record.value;
  const by = change.by ?? record.value.by;
  const said = { scope, epoch, at, ...(by ? { by } : {}), ...(reason ? { reason } : {}) };
  if (record.kind === 'stage') return { ...said, kind: 'stage', stage: record.value.stage };
  const before = row?.kind === 'kill' ? row : undefined;
  const { killed } = record.value;
  const trippedEpoch = killed ? epoch : before?.trippedEpoch;
  return {
    ...{ ...said, kind: 'kill', killed, pauses: pausesAfter(before?.pauses ?? [], killed, at) },
    ...(trippedEpoch === undefined ? {} : { trippedEpoch }),
  };
}

function releasedBy(row: ControlRow | undefined, value: ReleaseValue, said: Said): ReleaseRow {
  const { fingerprint, report } = value;
  const before = row?.kind === 'release' ? row : undefined;
  const { epoch, at } = said;
  const isRollback = report['kind'] === 'rollback';
  const previous = before?.fingerprint === fingerprint ? before.previous : before?.fingerprint;
  return {
    ...{ ...said, kind: 'release', fingerprint },
    ...(previous !== undefined && !isRollback ? { previous } : {}),
    history: [{ fingerprint, epoch, at, report }, ...(before?.history ?? [])].slice(0, MAX_RELEASES),
  };
}

/** Guarantee 3: all that a record which comes late still changes. */
function overtaken(row: ControlRow, record: ControlRecord, epoch: number): ControlRow | undefined {
  const isTrip = record.kind === 'kill' && record.value.killed;
  if (!isTrip || row.kind !== 'kill' || (row.trippedEpoch ?? -1) >= epoch) return undefined;
  return { ...row, trippedEpoch: epoch };
}

function pausesAfter(pauses: Pause[], killed: boolean, at: string): Pause[] {
  const last = pauses.at(-1);
  const isOn = last !== undefined && last.to === undefined;
  if (killed === isOn) return pauses;
  if (killed) return [...pauses, { from: at }].slice(-MAX_PAUSES);
  return [...pauses.slice(0, -1), { ...last!, to: at }];
}

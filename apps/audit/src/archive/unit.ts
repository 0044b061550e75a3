/** What is said of switches and stages is in force however old it is, so explanations of today rest on it: it is archived, and stays. */
export const KEPT = `('control', 'control-acks')`;

export const DEFAULT = 'records_default';

/** A day of records in one table: a partition of its own, or a part of the default one. */
export interface Unit {
  day: string;
  from: string;
  to: string;
  table: string;
  isPartition: boolean;
}

/** Where the record of a leaf stands. */
export interface Place {
  index: number;
  leaf: Buffer;
  topic: string;
  partition: number;
  offset: string;
  at: string;
  /** Of the unit that is asked about. */
  ours: boolean;
}

/** Indexes of one tree side by side, up to a size that a checkpoint was signed for. */
export interface Run {
  from: number;
  to: number;
  note: string;
  /** The tree's name, as the note has it. */
  origin: string;
}

/** What a manifest says of a file. */
export interface FileEntry {
  tenant: string;
  /** The tree's name. */
  origin: string;
  file: string;
  rows: number;
  /** Of its records, in the tenant's tree; the second number of each is not included. */
  indexes: [number, number][];
  /** SHA-256 over indexes and leaves. */
  leaves: string;
  bytes: number;
  sha256: string;
}

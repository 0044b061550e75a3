import { CONTROL_SQL, viewOf, type ControlRow, type ControlView } from '@countersign/control';
import type { Warrant } from './state.js';

/** A target refuses what reaches it later than this after the gate looked. */
export const SEND_WINDOW_MS = 500;
/** By so much may the clocks of this database and of a target's differ. */
export const CLOCK_BOUND_MS = 250;

/** One statement: the database's time in ms, and all switches and stages. */
export const READING_SQL = `select (extract(epoch from clock_timestamp()) * 1000)::text as now,
  (select coalesce(jsonb_agg(c.body), '[]'::jsonb) from (${CONTROL_SQL}) c) as rows`;
export interface ReadingRow {
  now: string;
  rows: ControlRow[];
}

/** What the database showed, and an instant of the monotonic clock that was not after it. In ms. */
export interface Reading {
  now: number;
  at: number;
  view: ControlView;
}

export const readingOf = ({ now, rows }: ReadingRow, at: number): Reading => ({
  now: Number(now),
  at,
  view: viewOf(rows.map((body) => ({ body }))),
});

/** What a round goes by: switches and stages, and the database's time, carried on by the monotonic clock: never earlier than it is. */
export class Opening {
  constructor(private readonly reading: Reading) {}

  get view(): ControlView {
    return this.reading.view;
  }

  now(): number {
    return this.reading.now + this.age();
  }

  /** For how long it has been known at most. */
  age(): number {
    return performance.now() - this.reading.at;
  }

  /** No send after it: the end of the window, or of the warrant. */
  notAfter(warrant: Warrant): number {
    return Math.floor(Math.min(this.reading.now + SEND_WINDOW_MS, warrant.exp * 1000));
  }
}

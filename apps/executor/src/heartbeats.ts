import { z } from 'zod';

/** Audit's word: up to `through` everything is stored. By the clocks of the servers, in ms. */
export interface Beat {
  through: number;
  /** The database's time, asked for once the beat was here, and an instant of the monotonic clock that was not after it. */
  now: number;
  at: number;
}

/**
 * What this process knows of audit: no record, no action. It guarantees:
 * 1. Nothing is begun before audit was heard, nor once what it said is older than the limit.
 * 2. Time is the database's: no process's clock, and none of audit's, makes an old word a new one.
 */
export class Heartbeats {
  private through: number | undefined;
  private ahead = 0;

  constructor(
    readonly limitMs: number,
    private readonly monotonic: () => number = () => performance.now(),
  ) {}

  /** What was said before stands, however late it comes. */
  heard({ through, now, at }: Beat): void {
    this.through = Math.max(through, this.through ?? through);
    this.ahead = now - at;
  }

  /** Whether what begins at an instant of the database's clock begins within the limit (guarantee 1). */
  covers(at: number): boolean {
    return this.through !== undefined && at - this.through <= this.limitMs;
  }

  coversNow(): boolean {
    return this.covers(this.now());
  }

  /** How old audit's last word is, in ms; undefined before the first. */
  ageMs(): number | undefined {
    return this.through === undefined ? undefined : Math.max(0, this.now() - this.through);
  }

  /** Why nothing is begun, if so. */
  flaw(): string | undefined {
    if (this.coversNow()) return undefined;
    const age = this.ageMs();
    const said =
      age === undefined ? 'was not heard yet' : `has stored nothing it told us of for ${Math.round(age / 1000)} s`;
    return `audit ${said}: nothing is claimed until it is heard again`;
  }

  private now(): number {
    return this.monotonic() + this.ahead;
  }
}

/** In ms. It cannot be turned off; audit beats each second, and the window of a send and the clocks' bound fit into it. */
export const auditLimit = z.coerce.number().int().min(2_000).max(3_600_000).default(30_000);

/**
 * What a proxy does to the connections it is let loose on, until it is told to pass everything on again.
 *
 * - `latency`: every byte, both ways, later by so much and in order.
 * - `stall`: connections stand, and new ones are accepted; nothing comes through. Afterwards all goes on where it was.
 * - `reset`: those that stand are cut by RST. New ones are not touched.
 * - `half-open`: of those that stand neither side hears anything more of the other, not even its end. Afterwards they are cut.
 * - `drop-answer`: the request goes through, its answer is lost, and the asker's side is cut by RST.
 * - `refuse`: those that stand are cut, and nobody listens.
 */
export type Harm =
  | { tag: 'latency'; ms: number }
  | { tag: 'stall' }
  | { tag: 'reset' }
  | { tag: 'half-open' }
  | { tag: 'drop-answer' }
  | { tag: 'refuse' };

/** Counted on while the harm lasts. */
export interface Harmed {
  /** How many connections it was done to. */
  connections: number;
  /** How many of those had asked and not been answered when it came. */
  waiting: number;
  /** What was held up or lost. */
  bytes: number;
}

import { BrokenCircuitError, circuitBreaker, CircuitState, ConsecutiveBreaker, handleWhen } from 'cockatiel';
import { NoAnswer } from '@countersign/tool-sdk';

/** So many requests in a row without an answer open a circuit: one lost answer in twenty never does. */
const FAILURES_IN_A_ROW = 10;
/** After so long one request shows whether the target answers again. */
const HALF_OPEN_AFTER_MS = 2_000;
/** A key or a record that is at work, or not ready: the target lives. */
const BUSY = [409, 425];

/** Nobody waits for the answer any more: that says nothing of the target. */
export class Abandoned extends NoAnswer {}

/** The target has not answered for a while and is not asked just now, or it is too late to ask it. Nothing was sent. */
export class NotAsked extends Error {}

export type CircuitName = 'closed' | 'half-open' | 'open';

/**
 * The circuit of one target, over everything that leaves for it. It guarantees:
 * 1. While it is open nothing is sent: neither what would begin nor what was sent before, which waits to be looked up.
 * 2. Half-open, one request is sent; the others wait for what becomes of it.
 * 3. An answer closes it, a definite no as well. What a target proves not to have done counts as an answer; what was given up, or never
 *    sent, does not.
 * Waits between the attempts of one row are the automaton's, written down with the row: they outlive this process.
 */
export class Circuit {
  private brokeAt = 0;
  private readonly policy = circuitBreaker(
    handleWhen((error) => countsAgainst(error) || this.isUntried(error)),
    {
      halfOpenAfter: HALF_OPEN_AFTER_MS,
      breaker: new ConsecutiveBreaker(FAILURES_IN_A_ROW),
    },
  );

  constructor(
    readonly target: string,
    onChange: (target: string, state: CircuitName) => void,
  ) {
    this.policy.onBreak(() => (this.brokeAt = Date.now()));
    this.policy.onStateChange((state) => onChange(target, nameOf(state)));
  }

  async run<T>(send: () => Promise<T>): Promise<T> {
    try {
      return await this.policy.execute(send);
    } catch (error) {
      if (error instanceof BrokenCircuitError)
        throw new NotAsked(`${this.target} is not asked just now: it has not answered for a while`);
      throw error;
    }
  }

  /** What was let through to see showed nothing: it is as open as before. */
  private isUntried(error: unknown): boolean {
    return this.state === 'half-open' && (error instanceof Abandoned || error instanceof NotAsked);
  }

  get state(): CircuitName {
    return nameOf(this.policy.state);
  }

  /** What may be begun for the target, if it is not everything. */
  limit(): 'none' | 'one' | undefined {
    if (this.state === 'closed') return undefined;
    return this.state === 'open' && Date.now() - this.brokeAt < HALF_OPEN_AFTER_MS ? 'none' : 'one';
  }
}

const countsAgainst = (error: unknown): boolean =>
  error instanceof NoAnswer && !(error instanceof Abandoned) && !BUSY.includes(error.status ?? 0);

function nameOf(state: CircuitState): CircuitName {
  if (state === CircuitState.Closed) return 'closed';
  return state === CircuitState.HalfOpen ? 'half-open' : 'open';
}

/** The targets of which not everything may be begun now, for the pool. */
export function limitsOf(circuits: Iterable<Circuit>): ReadonlyMap<string, 'none' | 'one'> {
  const limits = new Map<string, 'none' | 'one'>();
  for (const circuit of circuits) {
    const limit = circuit.limit();
    if (limit) limits.set(circuit.target, limit);
  }
  return limits;
}

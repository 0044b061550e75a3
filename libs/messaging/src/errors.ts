/** Records between what was read and what the broker still has are gone: going on would lose them silently. */
export class GapError extends Error {
  constructor(place: string, detail: string) {
    super(`${place}: ${detail}. Restore the topic, or set its row in "offsets" by hand once the loss is accepted.`);
    this.name = 'GapError';
  }
}

/** The wiring of a service contradicts the contracts. Thrown at start-up, with everything that is wrong. */
export class WiringError extends Error {
  constructor(readonly flaws: string[]) {
    super(`messaging cannot start:\n- ${flaws.join('\n- ')}`);
    this.name = 'WiringError';
  }
}

/** Not acknowledged in time. The records may still arrive. */
export class PublishTimeout extends Error {
  constructor(readonly afterMs: number) {
    super(
      `the broker did not acknowledge within ${afterMs} ms; the records may still arrive: publish again with the same ids`,
    );
    this.name = 'PublishTimeout';
  }
}

/** The broker will never take this record, whoever sends it. */
export class RefusedRecord extends Error {
  constructor(override readonly cause: unknown) {
    super(`the broker refuses the record for ever: ${messageOf(cause)}. Send less in one record.`);
    this.name = 'RefusedRecord';
  }
}

/** Another transaction was first. Carries SQLSTATE 40001, as PostgreSQL's own serialization failures do. */
export class ConflictError extends Error {
  readonly code = '40001';
  constructor(what: string) {
    super(`${what} was changed by another transaction`);
    this.name = 'ConflictError';
  }
}

/**
 * - `conflict`: run the transaction again at once.
 * - `content`: would fail again for the same records; find them and set them aside.
 * - `transient`: wait and try again; the line is held. Everything unknown is taken for this.
 */
export type ErrorKind = 'conflict' | 'content' | 'transient';

const CONFLICTS = new Set(['40001', '40P01', '55P03']);
/** SQLSTATE classes: data exception, integrity violation, program limit, raised by a function of ours. */
const CONTENT_CLASSES = new Set(['22', '23', '54', 'P0']);
const BUGS = [TypeError, RangeError, SyntaxError, ReferenceError];

/** The store failed while a step was being run: not the step's own doing. */
export class StoreFailure extends Error {
  constructor(override readonly cause: unknown) {
    super(messageOf(cause));
    this.name = 'StoreFailure';
  }
}

/** `prepare` could not get its facts now. Whatever it threw (`fetch` throws TypeErrors), the batch waits. */
export class NotPrepared extends Error {
  constructor(override readonly cause: unknown) {
    super(`facts could not be prepared: ${messageOf(cause)}`);
    this.name = 'NotPrepared';
  }
}

export function kindOf(error: unknown): ErrorKind {
  if (error instanceof StoreFailure) return kindOf(error.cause);
  const code = (error as { code?: unknown } | undefined)?.code;
  if (typeof code === 'string' && CONFLICTS.has(code)) return 'conflict';
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code))
    return CONTENT_CLASSES.has(code.slice(0, 2)) ? 'content' : 'transient';
  return BUGS.some((bug) => error instanceof bug) || (error as Error | undefined)?.name === 'ZodError'
    ? 'content'
    : 'transient';
}

const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);

/** Whether the broker's answer was that a send is too large: the same send will never be taken. */
export function isTooLarge(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++)
    if (TOO_LARGE.has(String((at as { type?: unknown }).type))) return true;
  return false;
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

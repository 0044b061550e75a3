import { CODES, type Code, type FieldFlaw } from '@countersign/contracts';

/** `Code`, or one that a newer system has and this client does not know. */
export type AnyCode = Code | (string & {});

interface Described {
  code: AnyCode;
  detail: string;
  nextStep?: string | undefined;
  status?: number | undefined;
  retryAfter?: number | undefined;
  idempotencyKey?: string | undefined;
  maybeTaken?: boolean | undefined;
  fields?: FieldFlaw[] | undefined;
  cause?: unknown;
}

/**
 * Why something was not done, in the words of the system's own problem details (RFC 9457). Everything this package throws is one,
 * an `AbortSignal`'s own reason excepted.
 *
 * - `code`: one of the catalogue (`docs/codes.md`); `INVALID_ARGUMENTS` and `UPSTREAM_TIMEOUT` also stand for what never reached the system.
 * - `nextStep`: one sentence that a person or a model can act on.
 * - `status`: of the HTTP answer; undefined where none came.
 * - `retryAfter`: seconds, where the system named them.
 * - `idempotencyKey`: of a request that may have been taken: sent again with this key it is the same request.
 * - `maybeTaken`: an attempt of it was not answered, or answered by what says nothing: whatever the last one was answered, it may have been taken.
 * - `fields`: what to correct, of `INVALID_ARGUMENTS`.
 *
 * @example
 * try {
 *   await client.requestAction(request);
 * } catch (error) {
 *   if (error instanceof CountersignError && error.code === 'UNAUTHENTICATED') await signIn();
 *   else throw error;
 * }
 */
export class CountersignError extends Error {
  readonly code: AnyCode;
  readonly detail: string;
  readonly nextStep: string;
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;
  readonly idempotencyKey: string | undefined;
  readonly maybeTaken: boolean;
  readonly fields: readonly FieldFlaw[];

  constructor({
    code,
    detail,
    nextStep,
    status,
    retryAfter,
    idempotencyKey,
    maybeTaken = false,
    fields = [],
    cause,
  }: Described) {
    const next = nextStep ?? (code in CODES ? CODES[code as Code].nextStep : 'Look the code up in docs/codes.md.');
    super(`${code}: ${detail} ${next}`, cause === undefined ? {} : { cause });
    this.name = 'CountersignError';
    this.code = code;
    this.detail = detail;
    this.nextStep = next;
    this.status = status;
    this.retryAfter = retryAfter;
    this.idempotencyKey = idempotencyKey;
    this.maybeTaken = maybeTaken;
    this.fields = fields;
  }

  /** The same, of the request that this key stands for. */
  withKey(idempotencyKey: string): CountersignError {
    return this.#with({ idempotencyKey });
  }

  /** The same, of a request that may have been taken for all that. */
  afterSilence(): CountersignError {
    return this.maybeTaken ? this : this.#with({ maybeTaken: true });
  }

  #with(more: Partial<Described>): CountersignError {
    const same = new CountersignError({ ...this, fields: [...this.fields], cause: this.cause, ...more });
    if (this.stack) same.stack = this.stack;
    return same;
  }
}

export const invalid = (fields: FieldFlaw[]): CountersignError =>
  new CountersignError({
    code: 'INVALID_ARGUMENTS',
    detail: fields.map(({ path, message }) => `${path}: ${message}`).join('; '),
    fields,
  });

/** A definite no: nothing was changed. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(detail);
  }
}

export const invalid = (detail: string): Refused => new Refused(422, 'INVALID_ARGUMENTS', detail);

/** How the store is asked: `messaging.sql`, or anything of its form. No statement ever holds a value in the clear. */
export interface SealingSql {
  query<R extends object = Record<string, unknown>>(name: string, text: string, values: unknown[]): Promise<R[]>;
}

/**
 * The store can't be reached. What was to be sealed waits and is tried again; it never goes out as it is.
 */
export class SealingUnavailable extends Error {
  readonly code = 'SEALING_UNAVAILABLE';

  constructor(cause: unknown) {
    super('the sealing store cannot be reached; check the database and the role’s rights on the schema "sealing"', {
      cause,
    });
    this.name = 'SealingUnavailable';
  }
}

export async function asked<R extends object>(sql: SealingSql, name: string, text: string, values: unknown[]) {
  try {
    return await sql.query<R>(name, text, values);
  } catch (error) {
    throw new SealingUnavailable(error);
  }
}

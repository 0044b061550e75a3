import { z } from 'zod';

const position = z.strictObject({ service: z.int().min(0).max(20), cursor: z.string().max(300).nullable() });
/** Where a listing over all services stands: which service, and where in its own list. */
export type Position = z.infer<typeof position>;

export const encodeCursor = (at: Position): string => Buffer.from(JSON.stringify(at)).toString('base64url');

/** Undefined for what no page ever gave; the beginning for none. */
export function decodeCursor(cursor: string | undefined): Position | undefined {
  if (!cursor) return { service: 0, cursor: null };
  try {
    return position.safeParse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

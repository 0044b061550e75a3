import { HttpProblem } from '@countersign/host';
import { z } from 'zod';
import type { IncidentRow } from './incident-row.js';
import type { After } from './incident-store.js';

const after = z.strictObject({
  openedAt: z.iso.datetime(),
  id: z
    .string()
    .max(200)
    .regex(/^[^\u0000]*$/),
});

export const cursorText = ({ openedAt, id }: Pick<IncidentRow, 'openedAt' | 'id'>): string =>
  Buffer.from(JSON.stringify({ openedAt: openedAt.toISOString(), id } satisfies After)).toString('base64url');

export function cursorOf(text: string | undefined): After | undefined {
  if (text === undefined) return undefined;
  try {
    return after.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
  } catch {
    throw new HttpProblem('INVALID_ARGUMENTS', 'cursor: it is not one that a page gave as nextCursor');
  }
}

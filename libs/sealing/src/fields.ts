import type { z } from 'zod';
import { type Json, type Sealed } from '@countersign/contracts';
import { sealFields } from '@countersign/tool-sdk';
import type { SealStore, ToSeal } from './seal-store.js';

/** A value, what its schema says of its classes, and whose it is; `said`: somebody's words, and as far as can be told. */
export interface Part {
  schema: z.ZodType | undefined;
  value: Json;
  subject: string;
  said?: true;
}

/** Values with every field of class `personal` and up sealed, all asked for at once. What hides nothing costs no question. */
export async function sealParts(store: Pick<SealStore, 'seal'>, tenant: string, parts: readonly Part[]) {
  const hidden: ToSeal[] = [];
  const shapes = parts.map(({ schema, value, subject, said }) =>
    sealFields(schema, value, (one, dataClass) => {
      hidden.push({ tenant, value: one, dataClass, subject, ...(said ? { said } : {}) });
      return UNSEALED;
    }),
  );
  if (hidden.length === 0) return shapes;
  const tokens = await store.seal(hidden);
  let next = 0;
  // The same walk in the same order: the n-th hidden value has the n-th token.
  return parts.map(({ schema, value }) =>
    sealFields(schema, value, (_, dataClass) => ({ $sealed: { ...named(tokens[next++]!), class: dataClass } })),
  );
}

const UNSEALED: Sealed = { $sealed: { token: 'tok_unsealed', class: 'secret' } };
const named = ({ token, box }: { token: string; box?: string }) => (box ? { token, box } : { token });

import type { EffectClass } from '@countersign/tool-sdk';
import type { InDoubtRow } from './read-model.js';

/** A commit in doubt as people see it: what was to be done, what is known, and how to find out the rest. */
export function shown(row: InDoubtRow) {
  const { actionId, revision, intentId, tenant, tool, jti, target, idempotencyKey, attempts, known, since } = row;
  const { effectClass, amount = null, firstAt = null, lastAt = null, arguments: args = null } = row.sent ?? {};
  return {
    ...{ actionId, revision, intentId, tenant, tool, jti, target, idempotencyKey, attempts },
    effectClass: effectClass ?? null,
    arguments: args,
    amount,
    firstSentAt: firstAt,
    lastSentAt: lastAt,
    since,
    known,
    lookup: { asking: row.asked, lastAskedAt: row.askedAt?.toISOString() ?? null, said: row.said },
    howToFindOut: howToFindOut(row, effectClass),
  };
}

/** By what the target keeps of an effect. */
function howToFindOut(
  { target, tool, idempotencyKey, sent }: InDoubtRow,
  effectClass: EffectClass | undefined,
): string {
  const when = sent?.firstAt ? ` from ${sent.firstAt} on` : '';
  switch (effectClass) {
    case 'A':
      return `Ask ${target} what it did under the idempotency key ${idempotencyKey}${when}.`;
    case 'B':
      return `Look at ${target} whether the record moved on from the version it was at, or has the reference ${idempotencyKey}.`;
    case 'C':
      return `Search ${target} for the reference ${idempotencyKey}${when}.`;
    case 'D':
    case undefined:
      return `${target} keeps no key of ours: look there by hand for a ${tool} of these arguments${when}.`;
    default:
      return effectClass satisfies never;
  }
}

import { hash } from 'node:crypto';

/**
 * Ids are derived from what caused them, so that a redelivery has the same one. Parts are length-prefixed: no two
 * different lists of parts share a hash.
 */
export function deriveId(prefix: string, ...parts: (string | number)[]): string {
  let input = 'countersign/v1';
  for (const part of parts) {
    const text = String(part);
    input += `\n${text.length}:${text}`;
  }
  return `${prefix}_${hash('sha256', input, 'hex').slice(0, 32)}`;
}

/** An intent is the same intent if verified tenant, source and the client's id are the same. */
export const intentIdOf = (tenant: string, source: string, id: string) => deriveId('int', tenant, source, id);
/** Two users never share a session, whatever they call it. */
export const sessionIdOf = (tenant: string, user: string, workflow: string, session: string) =>
  deriveId('ses', tenant, user, workflow, session);
export const actionIdOf = (intentId: string, turn: number, index: number) => deriveId('act', intentId, turn, index);
/** The key a commit carries to its target: never the attempt, never the model's words. */
export const idempotencyKeyOf = (tenant: string, actionId: string, revision: number) =>
  deriveId('key', tenant, actionId, revision);
/** One item of the queue: an action as it was shown to a person. */
export const approvalIdOf = (actionId: string, revision: number, actionHash: string) =>
  deriveId('apr', actionId, revision, actionHash);
/** The id of an event: its type and what caused it. */
export const eventIdOf = (type: string, ...cause: (string | number)[]) => deriveId('evt', type, ...cause);

/** What was never accepted is filed under this tenant, so nobody pollutes another's trace. */
export const UNVERIFIED = 'unverified';

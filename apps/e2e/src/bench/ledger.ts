import { createHash } from 'node:crypto';
import { actionIdOf, idempotencyKeyOf } from '@countersign/contracts';

/** By system, the idempotency keys of the effects that were asked of it: each once. */
export type Asked = Record<string, string[]>;

/** Of an intent's action, unedited. A request for an action has it in turn 0; a model reads first. */
export const keyOfIntent = (intentId: string, turn = 0, tenant = 'acme'): string =>
  idempotencyKeyOf(tenant, actionIdOf(intentId, turn, 0), 0);

/** Of actions that were asked of Countersign alone. */
export const keysOfIntents = (intentIds: string[]): Asked => ({
  Countersign: intentIds.map((intentId) => keyOfIntent(intentId)),
});

/** What a peer derives from its action (benchmarks/peers/steps.mjs): computed here once more, by nobody who is judged. */
export function keyOfPeer(tenant: string, id: string, args: object): string {
  return createHash('sha256')
    .update(JSON.stringify([tenant, id, 'issue_refund', args]))
    .digest('hex');
}

/** Every effect that was asked for is in the ledger once, by the key derived from its action, and nothing else is. */
export function effectFlaws(ledger: { idempotencyKey: string }[], asked: Asked): string[] {
  const counts = new Map<string, number>();
  for (const { idempotencyKey } of ledger) counts.set(idempotencyKey, (counts.get(idempotencyKey) ?? 0) + 1);
  const flaws: string[] = [];
  for (const [system, keys] of Object.entries(asked)) {
    const missing = keys.filter((key) => !counts.has(key)).length;
    const twice = keys.filter((key) => (counts.get(key) ?? 0) > 1).length;
    if (missing) flaws.push(`${system}: ${missing} of ${keys.length} effects are missing in helpdesk's ledger`);
    if (twice) flaws.push(`${system}: ${twice} of ${keys.length} effects happened more than once`);
  }
  const expected = new Set(Object.values(asked).flat());
  const foreign = [...counts.keys()].filter((key) => !expected.has(key)).length;
  return [...flaws, ...(foreign ? [`helpdesk's ledger holds ${foreign} effects that nobody asked for`] : [])];
}

import { HttpProblem } from '@countersign/host';
import type { CallerIdentity } from '@countersign/identity';

/** Time to be appended in. A token that expired on the way would be refused in nobody's name, where its owner never finds it. */
const LEAST_LEFT_MS = 15_000;

/** Refuses a token that is about to expire where it is to travel with a record, for policy to judge by its append time. */
export function requireTimeLeft({ expiresAt }: CallerIdentity): void {
  if (expiresAt - Date.now() >= LEAST_LEFT_MS) return;
  throw new HttpProblem('UNAUTHENTICATED', 'the token expires before policy could judge it by its append time', {
    nextStep: 'Get a fresh token and send the same request again.',
  });
}

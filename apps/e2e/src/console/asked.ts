import { randomUUID } from 'node:crypto';
import type { ConsoleWorld } from './console-world.js';

/** Publishes an intent as a person does over HTTP; its id. */
export async function ask({ gateway, world }: ConsoleWorld, person: string, text: string): Promise<string> {
  const { token } = await world.person(person);
  const answer = await fetch(`${gateway}/v1/intents`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: JSON.stringify({ workflow: 'support-desk', session: randomUUID(), text }),
  });
  if (answer.status !== 202) throw new Error(`the intent was answered ${answer.status}: ${await answer.text()}`);
  return ((await answer.json()) as { intentId: string }).intentId;
}

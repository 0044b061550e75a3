import type { System } from '@countersign/embedded';
import { devToken } from '@countersign/embedded/places';
import { until } from '@countersign/testing';
import pg from 'pg';

const SAMPLE = 25;
const WITHIN_MS = 60_000;

/**
 * The gateway's read models are thrown away together with how far it had read: started again it reads what topics still hold, and answers what it
 * answered before. What only it was told (requests under an Idempotency-Key, published runs of the evals) is no read model and stays.
 */
export async function rebuiltFlaws(system: System, intents: string[]): Promise<string[]> {
  const { urls } = system;
  const headers = { authorization: `Bearer ${await devToken(urls.identity, 'alice')}` };
  const step = Math.max(1, Math.floor(intents.length / SAMPLE));
  const sample = intents.filter((_, index) => index % step === 0);
  const states = () =>
    Promise.all(sample.map(async (id) => (await fetch(`${urls.gateway}/v1/intents/${id}`, { headers })).text()));
  const before = await states();
  await system.hold('gateway-1');
  const client = new pg.Client({ connectionString: urls.postgres });
  await client.connect();
  await client.query(`truncate gateway.intent_events, gateway.changes`);
  await client.query(`delete from gateway.offsets where consumer = 'gateway'`);
  await client.end();
  await system.release('gateway-1');
  let after: string[] = [];
  const differ = () => sample.filter((_, index) => after[index] !== before[index]);
  const same = async () => ((after = await states()), differ().length === 0);
  // What is still not as before is told by name below.
  await until(same, { what: 'the read models to be as before', timeoutMs: WITHIN_MS }).catch(() => undefined);
  return differ().map(
    (id) => `the gateway says of intent ${id} what it did not say before its read models were rebuilt`,
  );
}

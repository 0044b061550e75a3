import { expect, it } from '@jest/globals';
import { TOPICS, topicName, type Topic } from '@countersign/contracts';
import { until } from '@countersign/testing';
import type { World } from './world.js';

const SESSION = 'poison';
const event = (type: string) => ({
  ce_specversion: '1.0',
  ce_id: `poison-${type}`,
  ce_source: '/e2e',
  ce_type: type,
  'content-type': 'application/json',
});

/** What can never be read, by the reason it is parked with. On control a bare JSON value is read, so an unknown type cannot be told there. */
const POISON: { reason: string; value: string; headers: Record<string, string>; notOn?: Topic }[] = [
  { reason: 'NOT_JSON', value: '{"half": ', headers: event('countersign.intent.requested.v1') },
  { reason: 'NOT_AN_EVENT', value: '{"hello": "world"}', headers: {}, notOn: 'control' },
  { reason: 'UNKNOWN_TYPE', value: '{}', headers: event('countersign.intent.requested.v9'), notOn: 'control' },
  { reason: 'DUPLICATE_KEY', value: '{"a": 1, "a": 2}', headers: event('countersign.intent.requested.v1') },
  {
    reason: 'TOO_LARGE',
    value: JSON.stringify({ big: 'x'.repeat(1_500_000) }),
    headers: event('countersign.intent.requested.v1'),
  },
];

interface ParkedRow {
  id: string;
  topic: string;
  reason: string;
}

/** Poison on every topic: parked with its reason, its neighbours handled, listed. */
export function poisonScenario(open: () => World): void {
  it.each(TOPICS)('parks what cannot be read on %s and handles its neighbours', async (topic) => {
    const world = open();
    const sam = await world.person('sam');
    const alice = await world.person('alice');
    const key = topic === 'control' ? 'kill/tool/nothing' : `acme/${SESSION}`;
    const poison = POISON.filter(({ notOn }) => notOn !== topic);
    await world.plain.produce(
      topicName(topic, world.system.topicPrefix),
      ...poison.map(({ value, headers }) => ({ key, value, headers })),
    );
    const wanted = poison.map(({ reason }) => reason).sort();
    const parked = await until(
      async () => {
        const rows = await allParked(sam);
        const reasons = new Set(rows.filter((row) => row.topic === topic).map(({ reason }) => reason));
        return wanted.every((reason) => reasons.has(reason)) && rows;
      },
      { what: `${wanted.join(', ')} on ${topic} to be listed`, timeoutMs: 30_000 },
    );
    expect(parked.length).toBeGreaterThan(0);
    // Behind the poison in the same partitions.
    const data = { workflow: 'support-desk', session: SESSION, tool: 'get_order', arguments: { orderId: 'ord_1001' } };
    const [intentId = ''] = await world.product.publish({
      id: `beside-poison-${topic}`,
      tenant: 'acme',
      session: SESSION,
      token: alice.token,
      data,
    });
    expect(await alice.intent(intentId, 30)).toMatchObject({ state: 'ended' });
  });
}

async function allParked(sam: Awaited<ReturnType<World['person']>>): Promise<ParkedRow[]> {
  const rows: ParkedRow[] = [];
  let cursor = '';
  do {
    const { status, body } = await sam.call(
      'GET',
      `/v1/parked?limit=200${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
    );
    if (status !== 200) throw new Error(`GET /v1/parked answered ${status}: ${JSON.stringify(body)}`);
    const page = body as { data: ParkedRow[]; nextCursor?: string | null };
    rows.push(...page.data);
    cursor = page.nextCursor ?? '';
  } while (cursor);
  return rows;
}

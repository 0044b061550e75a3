import kafkajs from 'kafkajs';
import { topicName } from '@countersign/contracts';
import { until } from '@countersign/testing';
import type { World } from '../world.js';

/** Policy lets clocks differ by 5 s. */
const TOLERANCE_MS = 5_000;
const MINUTE = 60_000;

/** An expired token in a record whose client says, twice, that it was written while the token was good. */
export async function backDated(world: World, token: string, run: string): Promise<string[]> {
  const expiry = expiryOf(token);
  await until(() => Date.now() > expiry + TOLERANCE_MS, { what: 'the token to expire', timeoutMs: 20_000 });
  const id = `back-dated-${run}`;
  const { Kafka, logLevel, Partitioners } = kafkajs;
  const kafka = new Kafka({ brokers: world.system.urls.kafka.split(','), logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  try {
    await producer.send({
      topic: topicName('intents', world.system.topicPrefix),
      messages: [messageOf(id, token, expiry)],
    });
  } finally {
    await producer.disconnect();
  }
  const refusal = await world.product.refusalOf(id, 20_000);
  if (refusal?.code === 'UNAUTHENTICATED') return [];
  return [
    `an expired token with a back-dated timestamp was ${refusal ? `refused with ${refusal.code}` : 'not refused'}`,
  ];
}

const messageOf = (id: string, token: string, expiry: number) => ({
  key: `acme/${id}`,
  timestamp: String(expiry - MINUTE),
  headers: {
    ce_specversion: '1.0',
    ce_id: id,
    ce_source: '/e2e',
    ce_type: 'countersign.action.requested.v1',
    ce_time: new Date(expiry - MINUTE).toISOString(),
    authorization: `Bearer ${token}`,
  },
  value: JSON.stringify({
    workflow: 'support-desk',
    session: id,
    tool: 'issue_refund',
    arguments: { orderId: 'ord_11102', amount: '5.00', currency: 'EUR', reason: 'too late' },
  }),
});

function expiryOf(token: string): number {
  const { exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { exp: number };
  return exp * 1_000;
}

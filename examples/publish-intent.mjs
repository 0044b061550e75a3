// @ts-check
// A product publishes what its user said on Kafka, and reads what became of it.
import { Client } from '@countersign/client';
import { connectPublisher } from '@countersign/client/kafka';
import { setting } from './settings.mjs';

const brokers = setting('KAFKA_BROKERS', 'host:port of Kafka, as `npm start` prints it').split(',');
const url = setting('COUNTERSIGN_URL', "the gateway's origin, as `npm start` prints it");
const token = setting('TOKEN', "the user's token, such as `npx countersign token alice` prints");

const publisher = await connectPublisher({ brokers }, { source: '/examples/shop', tenant: 'acme' });
const text = process.argv[2] ?? 'Where is order ord_1001?';
const { intentId } = await publisher.sendIntent({ workflow: 'support-desk', session: 'example', text }, { token });
const { outcome, reply } = await new Client({ url, token }).waitForIntent(intentId, { throughApproval: true });
console.log(`${intentId} ${outcome}: ${reply}`);
await publisher.close();

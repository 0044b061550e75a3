import { topicName, type Topic } from '@countersign/contracts';
import { ConstantBackoff, handleType, retry } from 'cockatiel';
import kafkajs from 'kafkajs';
import type { Fault, FaultContext, FaultOutcome } from '../fault.js';
import { between, oneOf, shuffled } from '../numbers.js';
import { readWindow, type Copied } from './topic-window.js';

const TOPICS: readonly Topic[] = ['intents', 'decisions', 'proposals', 'approvals', 'results'];
const MOST = 200;

/** The broker may be down for another fault: its restart is waited for. */
const reached = retry(handleType(kafkajs.KafkaJSError), { maxAttempts: 30, backoff: new ConstantBackoff(1_000) });

/** Records that were there before come again at other offsets: the same bytes, headers, key and partition. */
export const duplicates: Fault = {
  name: 'duplicates',
  run: (context, random) => reached.execute(() => publishAgain(context, random, (copies) => copies)),
};

/** As far as a log allows it: of a window that is mostly just being worked on, copies in any order. */
export const reordered: Fault = {
  name: 'reordered',
  run: (context, random) => reached.execute(() => publishAgain(context, random, (copies) => shuffled(random, copies))),
};

async function publishAgain(
  { world, inFlight }: FaultContext,
  random: () => number,
  order: (copies: Copied[]) => Copied[],
): Promise<FaultOutcome> {
  const topic = topicName(oneOf(random, TOPICS)!, world.system.topicPrefix);
  const from = random() < 0.6 ? 'end' : random();
  const copies = await readWindow(world.plain.kafka, topic, between(random, 20, MOST), from);
  if (copies.length === 0) return { hits: 0, note: `nothing in ${topic} yet` };
  const producer = world.plain.kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  try {
    await producer.connect();
    await producer.send({ topic, messages: order(copies), acks: -1 });
  } finally {
    await producer.disconnect();
  }
  return { hits: Math.min(inFlight(), copies.length), note: `${copies.length} of ${topic}` };
}

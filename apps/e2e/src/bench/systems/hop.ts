import kafkajs from 'kafkajs';

/**
 * One hop of the raw floor: reads a topic and writes every record on, waiting for the broker, committing its offsets.
 * No database, no signature, no schema: as little as kafkajs can do.
 */
const { Kafka, logLevel, Partitioners } = kafkajs;
const [brokers = '', from = '', to = ''] = process.argv.slice(2);
const kafka = new Kafka({
  clientId: `floor-${from}`,
  brokers: brokers.split(','),
  logLevel: logLevel.NOTHING,
  retry: { retries: 20 },
});
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, allowAutoTopicCreation: false });
await producer.connect();
const consumer = kafka.consumer({ groupId: `floor-${from}`, maxWaitTimeInMs: 10, maxBytesPerPartition: 524_288 });
consumer.on(consumer.events.GROUP_JOIN, () => process.stdout.write('joined\n'));
await consumer.connect();
await consumer.subscribe({ topics: [from], fromBeginning: true });
await consumer.run({
  autoCommit: false,
  eachBatchAutoResolve: false,
  partitionsConsumedConcurrently: 3,
  eachBatch: async ({ batch, resolveOffset, heartbeat }) => {
    for (let start = 0; start < batch.messages.length; start += 200) {
      const chunk = batch.messages.slice(start, start + 200);
      const messages = chunk.map(({ key, value, headers }) => ({ key, value, ...(headers ? { headers } : {}) }));
      await producer.send({ topic: to, acks: -1, messages });
      const last = chunk.at(-1)?.offset ?? '0';
      resolveOffset(last);
      await consumer.commitOffsets([
        { topic: batch.topic, partition: batch.partition, offset: (BigInt(last) + 1n).toString() },
      ]);
      await heartbeat();
    }
  },
});
process.on('SIGTERM', () => void consumer.disconnect().then(() => process.exit(0)));
// Whoever started it is gone, however that ended.
process.stdin.resume().on('end', () => process.exit(0));

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topicName, topicSpecs } from '@countersign/contracts';
import { PlainKafka, testBrokers, testTopicPrefix, until } from '@countersign/testing';
import kafkajs, { type Admin, type ITopicConfig } from 'kafkajs';
import { prepareTopics } from './topics.js';

describe('topics', () => {
  const config = { brokers: testBrokers() };
  let plain: PlainKafka;
  let admin: Admin;
  beforeAll(async () => {
    plain = await PlainKafka.connect();
    admin = plain.kafka.admin();
    await admin.connect();
  });
  afterAll(async () => {
    await admin.disconnect();
    await plain.close();
  });

  const configOf = async (name: string): Promise<Record<string, string>> => {
    const type = kafkajs.ConfigResourceTypes.TOPIC;
    const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type, name }] });
    return Object.fromEntries(resources[0]!.configEntries.map((entry) => [entry.configName, entry.configValue]));
  };

  it('are made as the contracts say, and a second run changes nothing', async () => {
    const prefix = testTopicPrefix();
    const specs = topicSpecs(4);
    expect(await prepareTopics(config, { prefix, partitions: 4 })).toEqual(
      specs.map((s) => topicName(s.topic, prefix)),
    );
    expect(await prepareTopics(config, { prefix, partitions: 4 })).toEqual([]);
    for (const spec of specs) expect(await configOf(topicName(spec.topic, prefix))).toMatchObject(spec.config);
    await plain.deleteTopics(prefix);
  });

  /** Asked to wait for the leaders, kafkajs gives up at the first answer of a broker that has not heard of the topic yet. */
  const make = async (topic: ITopicConfig) => {
    await admin.createTopics({ waitForLeaders: false, topics: [topic] });
    const led = async () =>
      (await admin.fetchTopicMetadata({ topics: [topic.topic] })).topics[0]?.partitions.every(
        ({ leader }) => leader >= 0,
      );
    await until(led, { what: `leaders of ${topic.topic}` });
  };

  it('that take their time from the client are put right, and keep what somebody else set', async () => {
    const prefix = testTopicPrefix();
    const topic = topicName('intents', prefix);
    const configEntries = [
      { name: 'message.timestamp.type', value: 'CreateTime' },
      { name: 'segment.bytes', value: '33554432' },
    ];
    await make({ topic, numPartitions: 4, configEntries });
    expect(await prepareTopics(config, { prefix, partitions: 4 })).toContain(topic);
    // The broker answers from what it has applied, a moment after it took the change.
    const now = await until(
      async () => {
        const found = await configOf(topic);
        return found['message.timestamp.type'] === 'LogAppendTime' && found;
      },
      { what: 'the corrected setting' },
    );
    expect(now).toMatchObject({ 'segment.bytes': '33554432' });
    await plain.deleteTopics(prefix);
  });

  it('with the wrong number of partitions are refused: control has one', async () => {
    const prefix = testTopicPrefix();
    await make({ topic: topicName('control', prefix), numPartitions: 2 });
    await expect(prepareTopics(config, { prefix, partitions: 4 })).rejects.toThrow('has 2 partitions and needs 1');
    await plain.deleteTopics(prefix);
  });
});

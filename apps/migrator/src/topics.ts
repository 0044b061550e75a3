import { setTimeout as delay } from 'node:timers/promises';
import { topicName, topicSpecs, type TopicSpec } from '@countersign/contracts';
import kafkajs, { type Admin, type KafkaConfig } from 'kafkajs';

export interface TopicOptions {
  prefix: string;
  partitions: number;
  /** The broker's default if not named. */
  replication?: number;
}

/**
 * Makes the product's topics where they are missing, and checks those that are there: partitions may be more, never fewer, and
 * every setting that contracts states is put right. Gives the names of what was made or corrected.
 *
 * @throws Error when a topic can't be put right
 */
export async function prepareTopics(config: KafkaConfig, options: TopicOptions): Promise<string[]> {
  const { Kafka, logLevel } = kafkajs;
  const admin = new Kafka({ ...config, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const specs = topicSpecs(options.partitions);
    const there = new Set(await admin.listTopics());
    const missing = specs.filter(({ topic }) => !there.has(topicName(topic, options.prefix)));
    await createTopics(admin, missing, options);
    const corrected = await correctTopics(
      admin,
      specs.filter((spec) => !missing.includes(spec)),
      options.prefix,
    );
    return [...missing.map(({ topic }) => topicName(topic, options.prefix)), ...corrected];
  } finally {
    await admin.disconnect();
  }
}

async function createTopics(admin: Admin, specs: TopicSpec[], { prefix, replication }: TopicOptions): Promise<void> {
  if (specs.length === 0) return;
  const topics = specs.map(({ topic, partitions, config }) => ({
    topic: topicName(topic, prefix),
    numPartitions: partitions,
    replicationFactor: replication ?? -1,
    configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
  }));
  await admin.createTopics({ waitForLeaders: false, topics });
  await led(
    admin,
    topics.map(({ topic }) => topic),
  );
}

const LEADERS_WITHIN_MS = 30_000;
const ASK_EVERY_MS = 50;

/** Asked to wait for them itself, kafkajs gives up at the first answer of a broker that has not heard of the topic yet. */
async function led(admin: Admin, topics: string[]): Promise<void> {
  const deadline = performance.now() + LEADERS_WITHIN_MS;
  for (;;) {
    try {
      const found = await admin.fetchTopicMetadata({ topics });
      const all = found.topics.flatMap(({ partitions }) => partitions);
      if (all.length > 0 && all.every(({ leader }) => leader >= 0)) return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    if (performance.now() > deadline) throw new Error(`no leader within ${LEADERS_WITHIN_MS} ms: ${topics.join(', ')}`);
    await delay(ASK_EVERY_MS);
  }
}

async function correctTopics(admin: Admin, specs: TopicSpec[], prefix: string): Promise<string[]> {
  if (specs.length === 0) return [];
  await checkPartitions(admin, specs, prefix);
  const type = kafkajs.ConfigResourceTypes.TOPIC;
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: specs.map(({ topic }) => ({ type, name: topicName(topic, prefix) })),
  });
  const corrected: string[] = [];
  for (const spec of specs) {
    const name = topicName(spec.topic, prefix);
    const entries = resources.find((resource) => resource.resourceName === name)?.configEntries ?? [];
    const now = new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
    if (Object.entries(spec.config).every(([key, value]) => now.get(key) === value)) continue;
    // This call replaces all of a topic's own settings: those that somebody else set are said again.
    const own = entries
      .filter(({ configSource }) => configSource === TOPIC_CONFIG)
      .map((e) => [e.configName, e.configValue]);
    const wanted = Object.entries({ ...Object.fromEntries(own), ...spec.config } as Record<string, string>);
    const configEntries = wanted.map(([key, value]) => ({ name: key, value }));
    await admin.alterConfigs({ validateOnly: false, resources: [{ type, name, configEntries }] });
    corrected.push(name);
  }
  return corrected;
}

/** `DYNAMIC_TOPIC_CONFIG` of the wire protocol. */
const TOPIC_CONFIG = 1;

async function checkPartitions(admin: Admin, specs: TopicSpec[], prefix: string): Promise<void> {
  const { topics } = await admin.fetchTopicMetadata({ topics: specs.map(({ topic }) => topicName(topic, prefix)) });
  for (const { topic, partitions } of specs) {
    const name = topicName(topic, prefix);
    const count = topics.find((found) => found.name === name)?.partitions.length ?? 0;
    const fits = partitions === 1 ? count === 1 : count >= partitions;
    if (!fits)
      throw new Error(
        `Topic ${name} has ${count} partitions and needs ${partitions}: make it anew or change TOPIC_PREFIX`,
      );
  }
}

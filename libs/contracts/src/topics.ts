/** The topics by short name. `topicName` gives the name on the broker. */
export const TOPICS = [
  'intents',
  'proposals',
  'decisions',
  'approvals',
  'results',
  'replies',
  'control',
  'control-acks',
  'audit',
] as const;
export type Topic = (typeof TOPICS)[number];

export const DEFAULT_TOPIC_PREFIX = 'countersign';
export const topicName = (topic: Topic, prefix = DEFAULT_TOPIC_PREFIX) => `${prefix}.${topic}.v1`;

export function topicOf(name: string, prefix = DEFAULT_TOPIC_PREFIX): Topic | undefined {
  return TOPICS.find((topic) => topicName(topic, prefix) === name);
}

const DAY = 24 * 3600 * 1000;

export interface TopicSpec {
  topic: Topic;
  partitions: number;
  config: Record<string, string>;
}

/** What each topic is created with. Control is one partition, kept for ever, not compacted. */
export function topicSpecs(partitions = 4): TopicSpec[] {
  const common = {
    'message.timestamp.type': 'LogAppendTime',
    'cleanup.policy': 'delete',
    'max.message.bytes': '4194304',
  };
  return TOPICS.map((topic) => {
    if (topic === 'control') return { topic, partitions: 1, config: { ...common, 'retention.ms': '-1' } };
    const one = topic === 'control-acks' || topic === 'audit';
    return { topic, partitions: one ? 1 : partitions, config: { ...common, 'retention.ms': String(7 * DAY) } };
  });
}

/** The longest a topic keeps records (control aside), in ms: rows that answer a redelivery outlive it. */
export const TOPIC_RETENTION_MS = 7 * DAY;

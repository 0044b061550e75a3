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

/** Who writes: a service by its name, and who stands outside. */
export type Writer =
  | 'product services'
  | 'SREs'
  | 'release pipeline'
  | 'gateway'
  | 'planner'
  | 'policy'
  | 'approval'
  | 'executor'
  | 'audit';

/** Nobody else may write these: what a broker's access lists have to say. */
const WRITERS: Record<Topic, readonly Writer[]> = {
  intents: ['product services', 'gateway'],
  proposals: ['planner'],
  decisions: ['policy'],
  approvals: ['approval'],
  results: ['executor'],
  replies: ['planner'],
  control: ['SREs', 'release pipeline', 'gateway'],
  'control-acks': ['policy', 'executor'],
  audit: ['audit'],
};

const DAY = 24 * 3600 * 1000;

export interface TopicSpec {
  topic: Topic;
  writers: readonly Writer[];
  partitions: number;
  config: Record<string, string>;
}

/** What each topic is created with, and by whom it is written. Control is one partition, kept for ever, not compacted. */
export function topicSpecs(partitions = 4): TopicSpec[] {
  const common = {
    'message.timestamp.type': 'LogAppendTime',
    'cleanup.policy': 'delete',
    'max.message.bytes': '4194304',
  };
  return TOPICS.map((topic) => {
    const one = topic === 'control' || topic === 'control-acks' || topic === 'audit';
    const kept = topic === 'control' ? '-1' : String(7 * DAY);
    const config = { ...common, 'retention.ms': kept };
    return { topic, writers: WRITERS[topic], partitions: one ? 1 : partitions, config };
  });
}

/** The longest a topic keeps records (control aside), in ms: rows that answer a redelivery outlive it. */
export const TOPIC_RETENTION_MS = 7 * DAY;

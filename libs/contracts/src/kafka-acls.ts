import { DEFAULT_TOPIC_PREFIX, topicName, TOPICS, topicSpecs, type Topic, type Writer } from './topics.js';

/** Whom the brokers know, one user each: the services and the migrator, and outside them products, SREs and the release pipeline. */
export const KAFKA_ROLES = [
  'policy',
  'planner',
  'approval',
  'executor',
  'audit',
  'gateway',
  'migrator',
  'product',
  'sre',
  'release',
] as const;
export type KafkaRole = (typeof KAFKA_ROLES)[number];

/** Who stands outside, as topics name them. */
const OUTSIDE: Record<Exclude<Writer, KafkaRole>, KafkaRole> = {
  'product services': 'product',
  SREs: 'sre',
  'release pipeline': 'release',
};
const isOutside = (role: KafkaRole): boolean => Object.values(OUTSIDE).includes(role);
const roleOf = (writer: Writer): KafkaRole => {
  const outside: Partial<Record<Writer, KafkaRole>> = OUTSIDE;
  return outside[writer] ?? (writer as KafkaRole);
};

const WRITERS = new Map(topicSpecs().map(({ topic, writers }) => [topic, writers.map(roleOf)]));

/** Intents and control carry people's tokens: nobody reads them who does not judge or record them. */
const READERS: Record<Topic, readonly KafkaRole[]> = {
  intents: ['policy', 'audit'],
  proposals: ['policy', 'audit'],
  decisions: ['planner', 'approval', 'executor', 'audit', 'gateway', 'product', 'sre'],
  approvals: ['policy', 'audit', 'gateway'],
  results: ['policy', 'planner', 'approval', 'audit', 'gateway', 'product', 'sre'],
  replies: ['policy', 'audit', 'gateway', 'product'],
  control: ['policy', 'executor', 'audit'],
  'control-acks': ['approval', 'executor', 'audit', 'gateway', 'sre', 'release'],
  audit: ['executor', 'audit', 'sre'],
};

const writes = (role: KafkaRole, topic: Topic): boolean => WRITERS.get(topic)!.includes(role);

export const topicsReadBy = (role: KafkaRole): Topic[] => TOPICS.filter((topic) => READERS[topic].includes(role));
export const topicsWrittenBy = (role: KafkaRole): Topic[] => TOPICS.filter((topic) => writes(role, topic));

/** Operations, resources and patterns as Kafka names them. */
export type KafkaOperation = 'READ' | 'WRITE' | 'CREATE' | 'ALTER' | 'DESCRIBE' | 'DESCRIBE_CONFIGS' | 'ALTER_CONFIGS';

export interface KafkaAcl {
  resource: 'TOPIC' | 'GROUP' | 'CLUSTER';
  name: string;
  pattern: 'LITERAL' | 'PREFIXED';
  operations: KafkaOperation[];
}

/** The user of a role; `users` tells one system's from another's on the same brokers. */
export const kafkaUser = (role: string, users: string): string => `${users}-${role}`;

/** What the names of its consumer groups begin with. */
export const kafkaGroupsOf = (role: KafkaRole, prefix = DEFAULT_TOPIC_PREFIX): string => `${prefix}-${role}`;

/**
 * All that a role may do at the brokers. Reading and writing a topic include finding its offsets.
 *
 * @example
 * kafkaAclsOf('planner'); // reads decisions and results, writes proposals and replies, in groups `countersign-planner…`
 */
export function kafkaAclsOf(role: KafkaRole, prefix = DEFAULT_TOPIC_PREFIX): KafkaAcl[] {
  if (role === 'migrator') return [migratorTopics(prefix)];
  const topics = TOPICS.map((topic) => ({ topic, operations: operationsOn(topic, role) }));
  const used = topics.filter(({ operations }) => operations.length > 0);
  const group = { resource: 'GROUP' as const, name: kafkaGroupsOf(role, prefix), pattern: 'PREFIXED' as const };
  return [
    ...used.map(({ topic, operations }) => ({
      resource: 'TOPIC' as const,
      name: topicName(topic, prefix),
      pattern: 'LITERAL' as const,
      operations,
    })),
    { ...group, operations: ['READ'] },
  ];
}

/** Every service looks, before it reads a topic, whether the broker stamps its records and how long it keeps them. */
function operationsOn(topic: Topic, role: KafkaRole): KafkaOperation[] {
  const reads = READERS[topic].includes(role);
  const read: KafkaOperation[] = isOutside(role) ? ['READ'] : ['READ', 'DESCRIBE_CONFIGS'];
  return [...(reads ? read : []), ...(writes(role, topic) ? (['WRITE'] as const) : [])];
}

/** It makes topics and puts their settings right, and reads and writes no record. */
const migratorTopics = (prefix: string): KafkaAcl => ({
  resource: 'TOPIC',
  name: `${prefix}.`,
  pattern: 'PREFIXED',
  operations: ['CREATE', 'DESCRIBE', 'DESCRIBE_CONFIGS', 'ALTER_CONFIGS'],
});

/** What the migrator needs besides, where it is the one that gives these rights. */
export const KAFKA_RIGHTS_KEEPER: KafkaAcl = {
  resource: 'CLUSTER',
  name: 'kafka-cluster',
  pattern: 'LITERAL',
  operations: ['ALTER', 'DESCRIBE'],
};

import { describe, expect, it } from '@jest/globals';
import { KAFKA_ROLES, kafkaAclsOf, topicsReadBy, topicsWrittenBy } from './index.js';

describe('rights at the brokers', () => {
  it('let nobody read what carries tokens but who judges, records or obeys it', () => {
    const readers = (topic: 'intents' | 'control') => KAFKA_ROLES.filter((role) => topicsReadBy(role).includes(topic));
    expect(readers('intents')).toEqual(['policy', 'audit']);
    expect(readers('control')).toEqual(['policy', 'executor', 'audit']);
  });

  it('let a topic be written by whom its definition names', () => {
    const written = KAFKA_ROLES.map((role) => [role, topicsWrittenBy(role)]);
    expect(Object.fromEntries(written)).toEqual({
      policy: ['decisions', 'control-acks'],
      planner: ['proposals', 'replies'],
      approval: ['approvals'],
      executor: ['results', 'control-acks'],
      audit: ['audit'],
      gateway: ['intents', 'control'],
      migrator: [],
      product: ['intents'],
      sre: ['control'],
      release: ['control'],
    });
  });

  it('are about topics and groups of the prefix, whatever it is', () => {
    const named = KAFKA_ROLES.flatMap((role) => kafkaAclsOf(role, 'mine')).map(({ name }) => name);
    expect(named.filter((name) => !/^mine[.-]/.test(name))).toEqual([]);
    const migrators = kafkaAclsOf('migrator', 'mine');
    expect(migrators).toEqual([
      {
        ...{ resource: 'TOPIC', name: 'mine.', pattern: 'PREFIXED' },
        operations: ['CREATE', 'DESCRIBE', 'DESCRIBE_CONFIGS', 'ALTER_CONFIGS'],
      },
    ]);
  });

  it('give nobody but the migrator more than reading, writing, and a look at settings', () => {
    const services = KAFKA_ROLES.filter((role) => role !== 'migrator').flatMap((role) => kafkaAclsOf(role));
    const operations = new Set(services.flatMap((acl) => acl.operations));
    expect([...operations].sort()).toEqual(['DESCRIBE_CONFIGS', 'READ', 'WRITE']);
  });
});

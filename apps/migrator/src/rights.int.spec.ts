import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fs from 'node:fs';
import path from 'node:path';
import {
  KAFKA_RIGHTS_KEEPER,
  KAFKA_ROLES,
  kafkaAclsOf,
  kafkaGroupsOf,
  topicName,
  TOPICS,
  type KafkaAcl,
  type KafkaRole,
} from '@countersign/contracts';
import { DataDir, saslOf, startKafka, Supervisor, throwawayDir, type Kafka } from '@countersign/embedded';
import kafkajs, { type AclEntry, type Admin, type KafkaConfig } from 'kafkajs';
import { Attempts } from './kafka-attempts.fixture.js';
import { prepareRights } from './rights.js';
import { prepareTopics } from './topics.js';

const ROOT = path.resolve(import.meta.dirname, '../../..');
/** By role, and by topic, groups or cluster as the page names them. */
type Matrix = Record<string, Record<string, string[]>>;

/** The tables of docs/kafka-acls.md: under each role's heading a row a topic, its groups and the cluster. */
function declared(): Matrix {
  const matrix: Matrix = {};
  let role = '';
  for (const line of fs.readFileSync(path.join(ROOT, 'docs/kafka-acls.md'), 'utf8').split('\n')) {
    role = /^## (.+)$/.exec(line)?.[1]!.replaceAll('`', '') ?? role;
    const row = /^\| ((?:groups )?`.+`|the cluster) \| (.+) \|$/.exec(line);
    if (row) (matrix[role] ??= {})[row[1]!.replaceAll('`', '')] = row[2]!.trim().split(', ');
  }
  return matrix;
}

function nameOf({ resource, name, pattern }: KafkaAcl): string {
  if (resource === 'CLUSTER') return 'the cluster';
  return `${resource === 'GROUP' ? 'groups ' : ''}${name}${pattern === 'PREFIXED' ? '*' : ''}`;
}

const topics = TOPICS.map((topic) => topicName(topic));
const rightsIn = (table: Record<string, string[]>, name: string): string[] =>
  Object.entries(table).flatMap(([of, rights]) =>
    of === name || (of.endsWith('*') && name.startsWith(of.slice(0, -1))) ? rights : [],
  );
const sorted = (rights: Iterable<string>) => [...new Set(rights)].sort();
const CLUSTER = 'the cluster';
const NEW_TOPIC = 'countersign.made-anew.v1';

describe('what each user may do at the brokers', () => {
  let data: DataDir;
  let supervisor: Supervisor;
  let kafka: Kafka;
  let admin: Admin;
  const as = (role: KafkaRole): KafkaConfig => ({ brokers: [kafka.brokers], sasl: saslOf(kafka.logins![role]) });
  const superuser = (): KafkaConfig => {
    const { username, password } = kafka.logins!.admin;
    return { brokers: [kafka.internal!], sasl: { mechanism: 'plain', username, password } };
  };
  const quiet = { logLevel: kafkajs.logLevel.NOTHING, retry: { retries: 0 } };
  const rights = { prefix: 'countersign', users: 'countersign' };

  beforeAll(async () => {
    data = await DataDir.take(throwawayDir('engines'));
    supervisor = new Supervisor(data);
    const usersDir = path.join(data.path, 'users');
    kafka = await startKafka({ dir: data.child('kafka'), supervisor, throwaway: true, usersDir });
    await prepareTopics(as('migrator'), { prefix: 'countersign', partitions: 1 });
    await prepareRights(as('migrator'), rights);
    const client = new kafkajs.Kafka({ ...superuser(), logLevel: kafkajs.logLevel.NOTHING });
    admin = client.admin();
    await admin.connect();
    const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    const messages = [{ value: 'there before' }];
    await producer.sendBatch({ topicMessages: topics.map((topic) => ({ topic, messages })) });
    await producer.disconnect();
  });
  afterAll(async () => {
    await admin?.disconnect();
    await supervisor?.close();
    data?.release();
    data?.remove();
  });

  it('is on the page what it is in the code', () => {
    const inCode = KAFKA_ROLES.map((role) => {
      const acls = [...kafkaAclsOf(role), ...(role === 'migrator' ? [KAFKA_RIGHTS_KEEPER] : [])];
      return [role, Object.fromEntries(acls.map((acl) => [nameOf(acl), acl.operations]))];
    });
    expect(declared()).toEqual(Object.fromEntries(inCode));
  });

  it('is at a broker what docs/kafka-acls.md says, each user, topic, group and right tried', async () => {
    const page = declared();
    let cells = 0;
    const tried = async (role: KafkaRole): Promise<[found: Matrix[string], wanted: Matrix[string]]> => {
      const attempts = await Attempts.of(as(role));
      const [found, wanted]: Matrix[string][] = [{}, {}];
      const note = (name: string, rights: string[], of: string[], asked: number): void => {
        cells += asked;
        found![name] = sorted(rights);
        wanted![name] = sorted(of);
      };
      for (const topic of topics) {
        const of = rightsIn(page[role]!, topic).filter((right) => right !== 'CREATE');
        // Who reads or writes a topic finds it.
        note(topic, await attempts.onTopic(topic), of.length > 0 ? [...of, 'DESCRIBE'] : [], 7);
      }
      const create = rightsIn(page[role]!, NEW_TOPIC).filter((right) => right === 'CREATE');
      note(NEW_TOPIC, await attempts.onNewTopic(NEW_TOPIC), create, 1);
      for (const whose of KAFKA_ROLES) {
        const group = `${kafkaGroupsOf(whose)}-tried`;
        note(group, await attempts.onGroup(group), rightsIn(page[role]!, `groups ${group}`), 1);
      }
      note(CLUSTER, await attempts.onCluster(), page[role]![CLUSTER] ?? [], 3);
      await attempts.close();
      return [found!, wanted!];
    };
    const all = await Promise.all(KAFKA_ROLES.map(async (role) => [role, await tried(role)] as const));
    const of = (which: 0 | 1) => Object.fromEntries(all.map(([role, both]) => [role, both[which]]));
    expect(of(0)).toEqual(of(1));
    console.log(`${cells} cells tried: ${KAFKA_ROLES.length} users, ${topics.length} topics`);
    expect(cells).toBe(KAFKA_ROLES.length * (7 * topics.length + 1 + KAFKA_ROLES.length + 3));
  });

  const connects = async (config: Partial<KafkaConfig>): Promise<string> => {
    const client = new kafkajs.Kafka({ brokers: [kafka.brokers], ...quiet, ...config }).admin();
    try {
      await client.connect();
      await client.listTopics();
      return 'let in';
    } catch (error) {
      return (error as Error).name;
    } finally {
      await client.disconnect();
    }
  };
  const controller = (): string => {
    const properties = fs.readFileSync(path.join(data.path, 'kafka/server.properties'), 'utf8');
    return /CONTROLLER:\/\/(127\.0\.0\.1:\d+)/.exec(properties)![1]!;
  };

  it('is nothing without a login, with a wrong password, under an unknown name, and where superusers log in', async () => {
    const { username, password } = kafka.logins!.sre;
    const plain = { mechanism: 'plain' as const, username, password };
    const refused = 'KafkaJSSASLAuthenticationError';
    expect(await connects({ sasl: saslOf({ username, password }) })).toBe('let in');
    expect(await connects({})).not.toBe('let in');
    expect(await connects({ sasl: saslOf({ username, password: 'another' }) })).toBe(refused);
    expect(await connects({ sasl: saslOf({ username: 'countersign-nobody', password }) })).toBe(refused);
    expect(await connects({ sasl: saslOf(kafka.logins!.broker) })).toBe(refused);
    for (const address of [kafka.internal!, controller()]) {
      expect(await connects({ brokers: [address] })).not.toBe('let in');
      expect(await connects({ brokers: [address], sasl: plain })).toBe(refused);
      expect(await connects({ brokers: [address], sasl: saslOf({ username, password }) })).not.toBe('let in');
    }
  });

  it('keeps passwords from everybody else on the machine', () => {
    const files = [
      ...Object.values(kafka.logins!).map(({ passwordFile }) => passwordFile),
      path.join(data.path, 'kafka/server.properties'),
    ];
    expect(files.map((file) => (fs.statSync(file).mode & 0o777).toString(8))).toEqual(files.map(() => '600'));
    const passwords = Object.values(kafka.logins!).map(({ password }) => password);
    expect(new Set(passwords).size).toBe(files.length - 1);
    const pid = supervisor.pids()['kafka']![0]!;
    const told = process.platform === 'linux' ? ['cmdline', 'environ'].map((of) => `/proc/${pid}/${of}`) : [];
    for (const file of [...told, supervisor.logFile('kafka')])
      expect(passwords.filter((password) => fs.readFileSync(file, 'utf8').includes(password))).toEqual([]);
  });

  it('is given once, loses what is declared no more, and is nobody else’s business', async () => {
    expect(await prepareRights(as('migrator'), rights)).toEqual([]);
    const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
    const more = (principal: string): AclEntry => ({
      ...{ principal, host: '*', permissionType: AclPermissionTypes.ALLOW },
      ...{ resourceType: AclResourceTypes.TOPIC, resourceName: topicName('decisions') },
      ...{ resourcePatternType: ResourcePatternTypes.LITERAL, operation: AclOperationTypes.WRITE },
    });
    await admin.createAcls({ acl: [more('User:countersign-planner'), more('User:a-stranger')] });
    const changed = await prepareRights(as('migrator'), rights);
    expect(changed).toEqual(['- User:countersign-planner WRITE TOPIC countersign.decisions.v1']);
    const stranger = await admin.describeAcls(more('User:a-stranger'));
    expect(stranger.resources).toHaveLength(1);
  });
});

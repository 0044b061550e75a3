import kafkajs, { type AclEntry, type KafkaConfig } from 'kafkajs';

/** kafkajs's own connection to one broker: its public clients ask for metadata first, and say of any refusal that it was that. */
interface Connection {
  disconnect(): Promise<void>;
  produce(ask: object): Promise<unknown>;
  fetch(ask: object): Promise<{ responses: { partitions: { messages: unknown[] }[] }[] }>;
  metadata(topics: string[]): Promise<unknown>;
  describeConfigs(ask: object): Promise<unknown>;
  alterConfigs(ask: object): Promise<unknown>;
  createPartitions(ask: object): Promise<unknown>;
  createTopics(ask: object): Promise<unknown>;
  deleteRecords(ask: object): Promise<unknown>;
  joinGroup(ask: object): Promise<unknown>;
  createAcls(ask: { acl: AclEntry[] }): Promise<unknown>;
  describeAcls(ask: object): Promise<unknown>;
}
interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  findControllerBroker(): Promise<Connection>;
}

const REFUSED = /^(TOPIC|GROUP|CLUSTER)_AUTHORIZATION_FAILED$/;
/** Said to who may be a member of a group, and is none yet. */
const LET_THROUGH =
  /^(MEMBER_ID_REQUIRED|NOT_COORDINATOR_FOR_GROUP|GROUP_COORDINATOR_NOT_AVAILABLE|GROUP_LOAD_IN_PROGRESS)$/;

const PLACE = { partition: 0 };
const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ConfigResourceTypes, ResourcePatternTypes } = kafkajs;
const NOBODYS: AclEntry = {
  principal: 'User:nobody-at-all',
  host: '*',
  permissionType: AclPermissionTypes.ALLOW,
  resourceType: AclResourceTypes.TOPIC,
  resourceName: 'nothing-at-all',
  resourcePatternType: ResourcePatternTypes.LITERAL,
  operation: AclOperationTypes.READ,
};

/** One user's attempts, each right by a request that needs it alone. Nothing of them stays but a record where it may write. */
export class Attempts {
  private constructor(
    private readonly cluster: Cluster,
    private readonly connection: Connection,
  ) {}

  static async of(config: KafkaConfig): Promise<Attempts> {
    const client = new kafkajs.Kafka({ ...config, logLevel: kafkajs.logLevel.NOTHING, retry: { retries: 0 } });
    const key = Object.getOwnPropertySymbols(client).find((each) => each.description?.endsWith('createCluster'))!;
    const create = (client as unknown as Record<symbol, (of: object) => Cluster>)[key]!;
    const cluster = create({ metadataMaxAge: 300_000, allowAutoTopicCreation: false });
    await cluster.connect();
    await cluster.refreshMetadata();
    return new Attempts(cluster, await cluster.findControllerBroker());
  }

  close(): Promise<void> {
    return this.cluster.disconnect();
  }

  /** The rights that the broker lets through on a topic. */
  async onTopic(topic: string): Promise<string[]> {
    const resource = { type: ConfigResourceTypes.TOPIC, name: topic };
    const tried: [string, () => Promise<unknown>][] = [
      ['READ', () => this.read(topic)],
      ['WRITE', () => this.write(topic)],
      ['DESCRIBE', () => this.connection.metadata([topic])],
      ['DESCRIBE_CONFIGS', () => this.connection.describeConfigs({ resources: [{ ...resource, configNames: [] }] })],
      [
        'ALTER_CONFIGS',
        () => this.connection.alterConfigs({ ...DRY, resources: [{ ...resource, configEntries: [] }] }),
      ],
      ['ALTER', () => this.connection.createPartitions({ ...DRY, topicPartitions: [{ topic, count: 50 }] })],
      ['DELETE', () => this.connection.deleteRecords({ topics: [{ topic, partitions: [{ ...PLACE, offset: '0' }] }] })],
    ];
    return through(tried);
  }

  /** Whether it may be a member. */
  async onGroup(groupId: string): Promise<string[]> {
    const groupProtocols = [{ name: 'p', metadata: Buffer.from('') }];
    const member = { groupId, sessionTimeout: 6000, rebalanceTimeout: 6000, groupProtocols };
    return through([['READ', () => this.connection.joinGroup(member)]]);
  }

  /** CREATE of a topic of this name; ALTER and DESCRIBE of the cluster are those of rights. */
  async onCluster(): Promise<string[]> {
    return through([
      ['CREATE', () => this.create('of-nobodys-prefix')],
      ['ALTER', () => this.connection.createAcls({ acl: [NOBODYS] })],
      ['DESCRIBE', () => this.connection.describeAcls(NOBODYS)],
    ]);
  }

  async onNewTopic(topic: string): Promise<string[]> {
    return through([['CREATE', () => this.create(topic)]]);
  }

  private create(topic: string): Promise<unknown> {
    return this.connection.createTopics({ ...DRY, topics: [{ topic, numPartitions: 1, replicationFactor: 1 }] });
  }

  private write(topic: string): Promise<unknown> {
    const messages = [{ key: null, value: Buffer.from('tried'), headers: {}, timestamp: String(Date.now()) }];
    return this.connection.produce({ topicData: [{ topic, partitions: [{ ...PLACE, messages }] }] });
  }

  private async read(topic: string): Promise<void> {
    const partitions = [{ ...PLACE, fetchOffset: '0', maxBytes: 100_000 }];
    const { responses } = await this.connection.fetch({ maxWaitTime: 1000, topics: [{ topic, partitions }] });
    const read = responses.flatMap((response) => response.partitions).flatMap(({ messages }) => messages);
    if (read.length === 0) throw new Error(`nothing was read of ${topic}, which has a record`);
  }
}

const DRY = { validateOnly: true };

async function through(tried: [string, () => Promise<unknown>][]): Promise<string[]> {
  const rights: string[] = [];
  for (const [right, attempt] of tried) if (await isLetThrough(attempt)) rights.push(right);
  return rights;
}

async function isLetThrough(attempt: () => Promise<unknown>): Promise<boolean> {
  try {
    await attempt();
    return true;
  } catch (error) {
    const type = typeOf(error);
    if (REFUSED.test(type)) return false;
    if (LET_THROUGH.test(type)) return true;
    throw error;
  }
}

/** Of the first, where several things were asked for at once. */
function typeOf(error: unknown): string {
  const { type, errors, partitions } = error as {
    type?: string;
    errors?: unknown[];
    partitions?: { error: unknown }[];
  };
  const first = errors?.[0] ?? partitions?.[0]?.error;
  return first ? typeOf(first) : (type ?? '');
}

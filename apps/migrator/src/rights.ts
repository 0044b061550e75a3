import { KAFKA_RIGHTS_KEEPER, KAFKA_ROLES, kafkaAclsOf, kafkaUser, type KafkaRole } from '@countersign/contracts';
import kafkajs, { type AclEntry, type Admin, type KafkaConfig } from 'kafkajs';

export interface RightsOptions {
  /** Of the topics and groups that they are about. */
  prefix: string;
  /** What the users' names begin with: `<users>-policy`. */
  users: string;
}

/**
 * Gives each user at the brokers the rights that contracts declare, and takes from those users every other. Who else has rights keeps them.
 * Done twice it changes nothing. Gives what changed, as `+ User:x READ TOPIC y`.
 *
 * @throws Error when a right cannot be given, or the brokers keep none
 */
export async function prepareRights(config: KafkaConfig, { prefix, users }: RightsOptions): Promise<string[]> {
  const { Kafka, logLevel } = kafkajs;
  const admin = new Kafka({ ...config, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const wanted = KAFKA_ROLES.flatMap((role) => entriesOf(role, prefix, users));
    const ours = new Set(wanted.map(({ principal }) => principal));
    const there = (await entriesAt(admin)).filter(({ principal }) => ours.has(principal));
    const missing = without(wanted, there);
    const extra = without(there, wanted);
    if (missing.length > 0) await admin.createAcls({ acl: missing });
    if (extra.length > 0) await admin.deleteAcls({ filters: extra });
    return [...missing.map((entry) => `+ ${wordsOf(entry)}`), ...extra.map((entry) => `- ${wordsOf(entry)}`)];
  } finally {
    await admin.disconnect();
  }
}

const {
  AclOperationTypes: OPERATIONS,
  AclPermissionTypes: PERMISSIONS,
  AclResourceTypes: RESOURCES,
  ResourcePatternTypes: PATTERNS,
} = kafkajs;

function entriesOf(role: KafkaRole, prefix: string, users: string): AclEntry[] {
  const acls = [...kafkaAclsOf(role, prefix), ...(role === 'migrator' ? [KAFKA_RIGHTS_KEEPER] : [])];
  return acls.flatMap(({ resource, name, pattern, operations }) =>
    operations.map((operation) => ({
      principal: `User:${kafkaUser(role, users)}`,
      host: '*',
      permissionType: PERMISSIONS.ALLOW,
      resourceType: RESOURCES[resource],
      resourceName: name,
      resourcePatternType: PATTERNS[pattern],
      operation: OPERATIONS[operation],
    })),
  );
}

async function entriesAt(admin: Admin): Promise<AclEntry[]> {
  const { resources } = await admin.describeAcls({
    resourceType: RESOURCES.ANY,
    resourcePatternType: PATTERNS.ANY,
    operation: OPERATIONS.ANY,
    permissionType: PERMISSIONS.ANY,
  } as Parameters<Admin['describeAcls']>[0]);
  return resources.flatMap(({ resourceType, resourceName, resourcePatternType, acls }) =>
    acls.map((acl) => ({ ...acl, resourceType, resourceName, resourcePatternType })),
  );
}

const keyOf = (entry: AclEntry): string =>
  JSON.stringify([
    entry.principal,
    entry.host,
    entry.permissionType,
    entry.resourceType,
    entry.resourceName,
    entry.resourcePatternType,
    entry.operation,
  ]);

function without(entries: AclEntry[], others: AclEntry[]): AclEntry[] {
  const known = new Set(others.map(keyOf));
  return entries.filter((entry) => !known.has(keyOf(entry)));
}

const nameIn = (names: Record<string, string | number>, value: number): string =>
  Object.keys(names).find((name) => names[name] === value) ?? String(value);

const wordsOf = ({ principal, permissionType, operation, resourceType, resourceName }: AclEntry): string =>
  [
    ...(permissionType === PERMISSIONS.DENY ? ['DENY'] : []),
    principal,
    nameIn(OPERATIONS as never, operation),
    nameIn(RESOURCES as never, resourceType),
    resourceName,
  ].join(' ');

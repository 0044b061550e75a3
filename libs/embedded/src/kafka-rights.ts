import { KAFKA_RIGHTS_KEEPER, kafkaAclsOf } from '@countersign/contracts';
import kafkajs, { type KafkaConfig } from 'kafkajs';
import type { KafkaLogin } from './kafka-users.js';

/** What the migrator has before it has run: it gives everybody else their rights, and takes back what is declared no more. */
export async function grantToMigrator(superuser: KafkaConfig, migrator: KafkaLogin, prefix?: string): Promise<void> {
  const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, Kafka, logLevel, ResourcePatternTypes } = kafkajs;
  const acl = [...kafkaAclsOf('migrator', prefix), KAFKA_RIGHTS_KEEPER].flatMap(
    ({ resource, name, pattern, operations }) =>
      operations.map((operation) => ({
        ...{ principal: `User:${migrator.username}`, host: '*', permissionType: AclPermissionTypes.ALLOW },
        ...{ resourceType: AclResourceTypes[resource], resourceName: name },
        ...{ resourcePatternType: ResourcePatternTypes[pattern], operation: AclOperationTypes[operation] },
      })),
  );
  const admin = new Kafka({ ...superuser, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    await admin.createAcls({ acl });
  } finally {
    await admin.disconnect();
  }
}

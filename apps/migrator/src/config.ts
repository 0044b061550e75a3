import fs from 'node:fs';
import { DEFAULT_TOPIC_PREFIX } from '@countersign/contracts';
import { kafkaEnv, kafkaSettings } from '@countersign/messaging';
import type { KafkaConfig } from 'kafkajs';
import { z } from 'zod';

const SERVICES = ['policy', 'planner', 'approval', 'executor', 'audit', 'gateway'] as const;

const list = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim()))
  .pipe(z.array(z.string().min(1)).min(1));

const environment = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  MIGRATOR_PASSWORDS: z.string().min(1),
  MIGRATOR_SERVICES: list.pipe(z.array(z.enum(SERVICES))).default([...SERVICES]),
  ...kafkaEnv.shape,
  TOPIC_PREFIX: z.string().min(1).default(DEFAULT_TOPIC_PREFIX),
  TOPIC_PARTITIONS: z.coerce.number().int().min(1).max(128).default(4),
  TOPIC_REPLICATION: z.coerce.number().int().min(1).optional(),
  MIGRATOR_KAFKA_USERS: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,100}$/)
    .optional(),
});

const passwordsFile = z.record(z.string(), z.string().min(12));

export type Config = ReturnType<typeof readConfig>;

/** Everything the migrator is told, read once. Throws with the whole list of what is wrong. */
export function readConfig(env: NodeJS.ProcessEnv) {
  const parsed = environment.safeParse({
    ...env,
    DATABASE_URL: secret(env, 'DATABASE_URL'),
    KAFKA_SASL_PASSWORD: secret(env, 'KAFKA_SASL_PASSWORD'),
  });
  if (!parsed.success) throw new Error(`The migrator's settings are wrong:\n${z.prettifyError(parsed.error)}`);
  const { data } = parsed;
  const passwords = passwordsFile.parse(JSON.parse(fs.readFileSync(data.MIGRATOR_PASSWORDS, 'utf8')));
  const missing = data.MIGRATOR_SERVICES.filter((service) => !passwords[service]);
  if (missing.length > 0) throw new Error(`${data.MIGRATOR_PASSWORDS} has no password for ${missing.join(', ')}`);
  return {
    databaseUrl: data.DATABASE_URL,
    services: data.MIGRATOR_SERVICES,
    passwords,
    kafka: { clientId: 'countersign-migrator', ...kafkaSettings(data) } as KafkaConfig,
    topics: { prefix: data.TOPIC_PREFIX, partitions: data.TOPIC_PARTITIONS, replication: data.TOPIC_REPLICATION },
    // Without it rights at the brokers are somebody else's (Strimzi's, or a platform team's).
    rights: data.MIGRATOR_KAFKA_USERS ? { prefix: data.TOPIC_PREFIX, users: data.MIGRATOR_KAFKA_USERS } : undefined,
  };
}

/** Every secret also comes as `NAME_FILE`. */
function secret(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const file = env[`${name}_FILE`];
  return file ? fs.readFileSync(file, 'utf8').trim() : env[name];
}

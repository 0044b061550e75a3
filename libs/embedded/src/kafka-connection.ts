import fs from 'node:fs';
import type { KafkaRole } from '@countersign/contracts';
import { handedOn, kafkaEnvOf, type Layout } from './service-env.js';

/** What a Kafka client is given; kafkajs wants the mechanisms told apart. */
export interface KafkaConnection {
  brokers: string[];
  ssl: boolean;
  sasl?: Login<'plain'> | Login<'scram-sha-256'> | Login<'scram-sha-512'>;
}
interface Login<M> {
  mechanism: M;
  username: string;
  password: string;
}

/** How a client of this process comes to Kafka in a role: as a process that is told so by its environment. */
export function kafkaAs(
  role: KafkaRole,
  layout: Pick<Layout, 'kafkaBrokers' | 'kafkaLogins' | 'user'>,
): KafkaConnection {
  const env: Record<string, string | undefined> = { ...handedOn(layout.user), ...kafkaEnvOf(role, layout) };
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD_FILE: file } = env;
  const at = { brokers: layout.kafkaBrokers.split(','), ssl: /^(true|1)$/.test(env['KAFKA_SSL'] ?? '') };
  const password = env['KAFKA_SASL_PASSWORD'] || (file ? fs.readFileSync(file, 'utf8').trim() : '');
  if (!mechanism || !username || !password) return at;
  return { ...at, sasl: { mechanism, username, password } as NonNullable<KafkaConnection['sasl']> };
}

import fs from 'node:fs';
import type { KafkaRole } from '@countersign/contracts';
import { kafkaUserOf } from '@countersign/embedded/places';
import type { KafkaSettings } from '@countersign/messaging';
import { CliError, EXIT } from './errors.js';
import { readRunning } from './state-file.js';

const NAME_ONE = 'Start a system with `npx countersign dev`, or set KAFKA_BROKERS.';

/**
 * Where Kafka is and as whom a verb comes there: as `brokers` and `KAFKA_*` say, else as a user of the system that runs here, whose password
 * lies in its data folder for whoever may read it.
 */
export async function kafkaAs(
  role: KafkaRole,
  brokers = process.env['KAFKA_BROKERS'],
): Promise<KafkaSettings & { role?: KafkaRole }> {
  const running = readRunning();
  const at = brokers || running?.urls.kafka;
  if (!at) throw new CliError('No Kafka is named.', EXIT.usage, NAME_ONE);
  const { kafkaEnv, kafkaSettings } = await import('@countersign/messaging');
  const told = kafkaSettings(kafkaEnv.parse({ ...process.env, KAFKA_BROKERS: at }));
  if (told.sasl || !running?.kafkaUsers || at !== running.urls.kafka) return told;
  const { username, passwordFile } = kafkaUserOf(running.kafkaUsers, role);
  const password = fs.readFileSync(passwordFile, 'utf8').trim();
  return { ...told, sasl: { mechanism: 'scram-sha-256', username, password }, role };
}

/** What a user of the brokers has no right to is said so, and not as a broker's code. */
export function deniedOrSame(error: unknown, role: KafkaRole): unknown {
  const { type, message = '' } = error as { type?: string; message?: string };
  if (
    !/^(TOPIC|GROUP|CLUSTER)_AUTHORIZATION_FAILED$/.test(type ?? '') &&
    !/authorization failed|not authorized/i.test(message)
  )
    return error;
  return new CliError(
    `PERMISSION_DENIED: the brokers refuse it: ${message}`,
    EXIT.denied,
    `docs/kafka-acls.md says what ${role} may do there.`,
  );
}

import { z } from 'zod';

const flag = z.enum(['true', 'false', '1', '0', '']).transform((text) => text === 'true' || text === '1');

/** `KAFKA_*` of the environment. */
export const kafkaEnv = z.object({
  KAFKA_BROKERS: z
    .string()
    .min(1)
    .transform((text) =>
      text
        .split(',')
        .map((broker) => broker.trim())
        .filter(Boolean),
    )
    .describe('host:port, with commas between.'),
  KAFKA_SSL: flag.default(false).describe('To the brokers by TLS.'),
  KAFKA_SASL_MECHANISM: z
    .enum(['plain', 'scram-sha-256', 'scram-sha-512'])
    .optional()
    .describe('How a service logs in there; without it it does not.'),
  KAFKA_SASL_USERNAME: z.string().optional().describe('Needed with a mechanism, and the password too.'),
  KAFKA_SASL_PASSWORD: z.string().optional().describe('Of the user.'),
});

export interface KafkaSettings {
  brokers: string[];
  ssl: boolean;
  sasl?: { mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; username: string; password: string };
}

/** The settings from a parsed environment. Throws if SASL is named without a user and password. */
export function kafkaSettings(env: z.infer<typeof kafkaEnv>): KafkaSettings {
  const { KAFKA_BROKERS: brokers, KAFKA_SSL: ssl, KAFKA_SASL_MECHANISM: mechanism } = env;
  if (!mechanism) return { brokers, ssl };
  const { KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = env;
  if (!username || !password) throw new Error('KAFKA_SASL_MECHANISM needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD');
  return { brokers, ssl, sasl: { mechanism, username, password } };
}

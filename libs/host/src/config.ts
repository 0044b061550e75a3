import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { DEFAULT_TOPIC_PREFIX } from '@countersign/contracts';
import { kafkaEnv, kafkaSettings, type MessagingOptions } from '@countersign/messaging';
import type { Logger } from 'pino';

/** Which model a workflow runs with: part of its fingerprint, so every service that computes one is told the same two. */
export const modelSettings = {
  OPENAI_MODEL: z
    .string()
    .min(1)
    .default('stand-in')
    .describe('Which model. Part of the fingerprint: the same for every service.'),
  OPENAI_BASE_URL: z
    .url()
    .default('https://api.openai.com/v1')
    .describe('Where the model answers. Part of the fingerprint: the same for every service.'),
};

/** What every service reads from its environment. A service extends it: `baseConfig.extend({ GREETING: z.string() })`. */
export const baseConfig = z.object({
  ...kafkaEnv.shape,
  HOST: z.string().default('127.0.0.1').describe('Where it listens.'),
  PORT: z.coerce.number().int().min(0).max(65_535).describe('0 takes a free one.'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'a postgres:// URL')
    .describe("Of the service's own role."),
  TOPIC_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,100}$/)
    .default(DEFAULT_TOPIC_PREFIX)
    .describe("What the topics' names begin with."),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('What is logged, as JSON on stdout.'),
  OIDC_ISSUER: z.url().describe('Whose tokens count; its keys are found by discovery.'),
  OIDC_AUDIENCE: z.string().default('countersign').describe('Whom a token has to be for.'),
  OIDC_TENANT_CLAIM: z.string().default('tenant').describe("The claim that names a person's tenant."),
  OIDC_ROLES_CLAIM: z.string().default('roles').describe("The claim that lists a person's roles."),
  COUNTERSIGN_KEYS_DIR: z.string().min(1).describe("The folder of the service's keys (docs/keys.md)."),
  COUNTERSIGN_INSTANCE: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,100}$/)
    .optional()
    .describe("Another one for each instance of a service; the service's name and `-1` without it."),
  OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: z
    .stringbool()
    .default(false)
    .describe('Prompts, answers, arguments and results in spans, as they travel: personal values are tokens.'),
  COUNTERSIGN_WORKFLOWS: z
    .string()
    .default('@countersign/support-desk')
    .transform((text) =>
      text
        .split(',')
        .map((name) => name.trim())
        .filter(Boolean),
    )
    .describe('Packages of workflows, with commas between.'),
});
export type BaseConfig = z.infer<typeof baseConfig>;

/** Something in the environment is missing or wrong. */
export class ConfigError extends Error {
  constructor(readonly flaws: string[]) {
    super(`the environment does not fit:\n${flaws.map((flaw) => `- ${flaw}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/**
 * Parses the environment once. A setting may also come as `NAME_FILE`, the path of a file that holds it (secrets).
 * An empty setting counts as none. Prints everything that is wrong and ends the process with exit code 2.
 */
export function parseConfig<T extends z.ZodType>(schema: T, env: NodeJS.ProcessEnv = process.env): z.infer<T> {
  try {
    return readConfig(schema, env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
}

/** As `parseConfig`, but throws a `ConfigError`. */
export function readConfig<T extends z.ZodType>(schema: T, env: NodeJS.ProcessEnv): z.infer<T> {
  const flaws: string[] = [];
  const given = withFiles(env, flaws);
  const parsed = schema.safeParse(given);
  if (!parsed.success) flaws.push(...parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`));
  if (given['KAFKA_SASL_MECHANISM'] && !(given['KAFKA_SASL_USERNAME'] && given['KAFKA_SASL_PASSWORD'])) {
    flaws.push('KAFKA_SASL_MECHANISM: needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD');
  }
  if (flaws.length || !parsed.success) throw new ConfigError(flaws);
  return parsed.data;
}

function withFiles(env: NodeJS.ProcessEnv, flaws: string[]): Record<string, string> {
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value === '') continue;
    if (!name.endsWith('_FILE')) {
      given[name] = value;
      continue;
    }
    const plain = name.slice(0, -'_FILE'.length);
    if (env[plain]) continue;
    try {
      given[plain] = readFileSync(value, 'utf8').trim();
    } catch (error) {
      flaws.push(`${name}: ${(error as Error).message}`);
    }
  }
  return given;
}

/** What `createMessaging` needs of the environment. The parking key is `parking.key` in the service's folder of keys. */
export function messagingSettings(
  service: string,
  config: BaseConfig,
  logger: Logger,
): Pick<
  MessagingOptions,
  'service' | 'instance' | 'databaseUrl' | 'kafka' | 'topicPrefix' | 'parkingKey' | 'log' | 'onFatal'
> {
  return {
    service,
    instance: config.COUNTERSIGN_INSTANCE ?? `${service}-1`,
    databaseUrl: config.DATABASE_URL,
    kafka: kafkaSettings(config),
    topicPrefix: config.TOPIC_PREFIX,
    parkingKey: readSecretKey(config.COUNTERSIGN_KEYS_DIR, 'parking.key'),
    log: logger,
    // What was logged reaches its file first.
    onFatal: () => logger.flush(() => process.exit(1)),
  };
}

/** 32 bytes, as they are or in base64 or hex. */
export function readSecretKey(dir: string, name: string): Buffer {
  const bytes = readFileSync(path.join(dir, name));
  if (bytes.length === 32) return bytes;
  const text = bytes.toString('utf8').trim();
  return Buffer.from(text, /^[0-9a-f]{64}$/i.test(text) ? 'hex' : 'base64');
}

import path from 'node:path';
import type { KafkaRole } from '@countersign/contracts';
import { urlFor } from './databases.js';
import { saslEnv, type KafkaAccount, type KafkaLogin } from './kafka-users.js';
import type { CoreService, Service } from './service-catalog.js';

/** Everything that services are told from: where the engines and the others are, and which folders hold their secrets. */
export interface Layout {
  ports: Record<Service, number>;
  kafkaBrokers: string;
  /** Of the users of an embedded broker that lets nobody in without. */
  kafkaLogins?: Record<KafkaAccount, KafkaLogin>;
  /** The owner's; each service gets a login of its own in it. */
  databaseUrl: string;
  database: string;
  /** Where the executor finds helpdesk. */
  helpdeskPort: number;
  helpdeskDatabaseUrl: string;
  passwords: Record<string, string>;
  topicPrefix: string;
  workflows: string;
  keysDir: string;
  credentialsDir: string;
  identityDir: string;
  compileCache: string;
  /** Said to every service, last. */
  extra: Record<string, string>;
  /** The environment of who starts the system: only what is named below is handed on. */
  user: NodeJS.ProcessEnv;
}

/** What every process needs of the machine, and the user's own settings that every service may know. */
const HANDED_ON =
  /^(PATH|HOME|TMPDIR|LANG|TZ|LOG_LEVEL|KAFKA_(SSL|SASL_.+)|OIDC_(TENANT|ROLES)_CLAIM|OTEL_.+|NODE_EXTRA_CA_CERTS|(HTTPS?|NO)_PROXY)$/i;

const loopback = (port: number): string => `http://127.0.0.1:${port}`;

/** The environment of one instance of a service. No secret of another service is in it. */
export function serviceEnv(service: Service, layout: Layout, instance: string, port: number): Record<string, string> {
  return {
    ...handedOn(layout.user),
    NODE_ENV: 'production',
    NODE_COMPILE_CACHE: layout.compileCache,
    HOST: '127.0.0.1',
    PORT: String(port),
    COUNTERSIGN_INSTANCE: instance,
    ...own(service, layout),
    ...layout.extra,
  };
}

export const handedOn = (user: NodeJS.ProcessEnv): Record<string, string> => matching(user, HANDED_ON);

function matching(user: NodeJS.ProcessEnv, names: RegExp): Record<string, string> {
  const named = Object.entries(user).filter(([name, value]) => names.test(name) && value !== undefined);
  return Object.fromEntries(named) as Record<string, string>;
}

function own(service: Service, layout: Layout): Record<string, string> {
  switch (service) {
    case 'helpdesk':
      return { DATABASE_URL: layout.helpdeskDatabaseUrl, HELPDESK_TOKENS_DIR: layout.credentialsDir };
    case 'model':
      return {};
    case 'identity':
      return { IDENTITY_DATA_DIR: layout.identityDir, OIDC_ISSUER: issuer(layout), OIDC_AUDIENCE: audience(layout) };
    case 'gateway':
      return { ...core(service, layout), ...peers(layout), ...signIn(layout) };
    case 'executor':
      return {
        ...core(service, layout),
        COUNTERSIGN_CREDENTIALS_DIR: layout.credentialsDir,
        HELPDESK_URL: loopback(layout.helpdeskPort),
      };
    case 'planner':
      return { ...core(service, layout), ...modelKey(layout) };
    case 'approval':
      return { ...core(service, layout), ...webhook(layout) };
    case 'policy':
      return { ...core(service, layout), ...matching(layout.user, /^COUNTERSIGN_(REDACTOR_.+|AUTHZEN_SUBJECTS)$/) };
    case 'audit':
      return core(service, layout);
  }
}

function core(service: CoreService, layout: Layout): Record<string, string> {
  const { databaseUrl, database, passwords } = layout;
  const role = `${database}_${service}`;
  return {
    DATABASE_URL: urlFor(databaseUrl, { database, role, password: passwords[service]! }),
    ...kafkaEnvOf(service, layout),
    KAFKAJS_NO_PARTITIONER_WARNING: '1',
    TOPIC_PREFIX: layout.topicPrefix,
    OIDC_ISSUER: issuer(layout),
    OIDC_AUDIENCE: audience(layout),
    COUNTERSIGN_KEYS_DIR: path.join(layout.keysDir, service),
    COUNTERSIGN_WORKFLOWS: layout.workflows,
    ...modelSettings(layout),
  };
}

/**
 * Where Kafka is, and as whom one comes. On an embedded broker with users everybody has a user of its own; to one of the user's own all come
 * as `KAFKA_SASL_*` says, and one of them as `<ROLE>_KAFKA_SASL_*` says, which nobody else is told.
 */
export function kafkaEnvOf(
  service: KafkaRole,
  { kafkaBrokers, kafkaLogins, user }: Pick<Layout, 'kafkaBrokers' | 'kafkaLogins' | 'user'>,
): Record<string, string> {
  if (kafkaLogins) return { KAFKA_BROKERS: kafkaBrokers, ...NO_LOGIN, ...saslEnv(kafkaLogins[service]) };
  const mine = `${service.toUpperCase()}_`;
  const own = Object.entries(matching(user, new RegExp(`^${mine}KAFKA_SASL_(USERNAME|PASSWORD(_FILE)?)$`)));
  const password = own.some(([name]) => name.includes('PASSWORD')) ? NO_LOGIN : {};
  return {
    KAFKA_BROKERS: kafkaBrokers,
    ...password,
    ...Object.fromEntries(own.map(([name, value]) => [name.slice(mine.length), value])),
  };
}

/** An empty setting counts as none: what was handed on to all does not count beside one's own. */
const NO_LOGIN = { KAFKA_SASL_PASSWORD: '', KAFKA_SASL_PASSWORD_FILE: '' };

const issuer = ({ user, ports }: Layout): string => user['OIDC_ISSUER'] ?? loopback(ports.identity);
const audience = ({ user }: Layout): string => user['OIDC_AUDIENCE'] ?? 'countersign';

/** Part of a workflow's fingerprint, so every service knows them; the key is the planner's alone. */
function modelSettings({ user, ports }: Layout): Record<string, string> {
  if (!user['OPENAI_API_KEY']) return { OPENAI_BASE_URL: `${loopback(ports.model)}/v1`, OPENAI_MODEL: 'stand-in' };
  const { OPENAI_BASE_URL, OPENAI_MODEL } = user;
  return { ...(OPENAI_BASE_URL && { OPENAI_BASE_URL }), ...(OPENAI_MODEL && { OPENAI_MODEL }) };
}

const modelKey = ({ user }: Layout): Record<string, string> => ({
  OPENAI_API_KEY: user['OPENAI_API_KEY'] ?? 'stand-in',
});

/** Its secret signs what approval tells the user's own system: nobody else's business. */
const webhook = ({ user }: Layout): Record<string, string> =>
  matching(user, /^COUNTERSIGN_WEBHOOK_(URL|SECRET)(_FILE)?$/);

/** Where the console is, and how people sign in with a provider of the user's own: what that knows it by is the gateway's alone. */
const signIn = ({ user }: Layout): Record<string, string> =>
  matching(user, /^(PUBLIC_URL|COUNTERSIGN_CONSOLE_DIR|OIDC_CONSOLE_(CLIENT_ID|CLIENT_SECRET(_FILE)?|SCOPE))$/);

function peers({ ports }: Layout): Record<string, string> {
  return {
    POLICY_URL: loopback(ports.policy),
    PLANNER_URL: loopback(ports.planner),
    APPROVAL_URL: loopback(ports.approval),
    EXECUTOR_URL: loopback(ports.executor),
    AUDIT_URL: loopback(ports.audit),
  };
}

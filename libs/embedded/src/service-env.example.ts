import { SERVICES, type Service } from './service-catalog.js';
import type { Layout } from './service-env.js';

/** A layout for specs, with another value in every place. */
export function exampleLayout(over: Partial<Layout>): Layout {
  const ports = Object.fromEntries(SERVICES.map((service, index) => [service, 1000 + index])) as Record<
    Service,
    number
  >;
  const passwords = Object.fromEntries(SERVICES.map((service) => [service, `password-of-${service}`]));
  const server = '127.0.0.1:5432';
  return {
    ports,
    passwords: { ...passwords, owner: 'password-of-owner' },
    kafkaBrokers: '127.0.0.1:9092',
    databaseUrl: `postgres://countersign:password-of-owner@${server}/countersign`,
    database: 'countersign',
    helpdeskPort: ports.helpdesk,
    helpdeskDatabaseUrl: `postgres://countersign_helpdesk:password-of-helpdesk@${server}/countersign_helpdesk`,
    topicPrefix: 'countersign',
    workflows: '@countersign/support-desk',
    keysDir: '/data/keys',
    credentialsDir: '/data/credentials',
    identityDir: '/data/identity',
    compileCache: '/cache',
    extra: {},
    user: {},
    ...over,
  };
}

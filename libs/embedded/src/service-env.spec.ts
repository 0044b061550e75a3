import { describe, expect, it } from '@jest/globals';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { KAFKA_ROLES } from '@countersign/contracts';
import { kafkaAs } from './kafka-connection.js';
import { kafkaUserOf, type KafkaAccount, type KafkaLogin } from './kafka-users.js';
import { CORE_SERVICES, SERVICES, type Service } from './service-catalog.js';
import { exampleLayout } from './service-env.example.js';
import { kafkaEnvOf, serviceEnv, type Layout } from './service-env.js';

const layout = exampleLayout({
  user: { PATH: '/bin', AWS_SECRET_ACCESS_KEY: 'aws-secret', KAFKA_SASL_PASSWORD: 'broker', OPENAI_API_KEY: 'sk-user' },
});
const { ports } = layout;
const envOf = (service: Service, over: Partial<Layout> = {}) =>
  serviceEnv(service, { ...layout, ...over }, `${service}-1`, ports[service]);
const values = (service: Service) => Object.values(envOf(service)).join('\n');

const kafkaLogins = Object.fromEntries(
  KAFKA_ROLES.map((role) => [role, { ...kafkaUserOf('/users', role), password: `kafka-password-of-${role}` }]),
) as Record<KafkaAccount, KafkaLogin>;

describe('what a service is told', () => {
  it.each(SERVICES)('%s: its own password and that of nobody else', (service) => {
    const named = Object.values(layout.passwords).filter((password) => values(service).includes(password));
    const own = service === 'model' || service === 'identity' ? [] : [`password-of-${service}`];
    expect(named).toEqual(own);
  });

  it.each(SERVICES)('%s: none of the secrets of who starts it that are not meant for it', (service) => {
    expect(values(service)).not.toContain('aws-secret');
    expect(values(service).includes('sk-user')).toBe(service === 'planner');
  });

  it.each(CORE_SERVICES)(
    '%s: at an embedded broker with users its own user alone, whatever the user has',
    (service) => {
      const user = { KAFKA_SASL_USERNAME: 'me', KAFKA_SASL_PASSWORD: 'mine', KAFKA_SSL: 'true' };
      const env = envOf(service, { kafkaLogins, user });
      expect(env).toMatchObject({
        ...{ KAFKA_SSL: 'false', KAFKA_SASL_MECHANISM: 'scram-sha-256', KAFKA_SASL_USERNAME: `countersign-${service}` },
        ...{ KAFKA_SASL_PASSWORD: '', KAFKA_SASL_PASSWORD_FILE: `/users/${service}.password` },
      });
      const secrets = Object.values(kafkaLogins).map(({ password }) => password);
      expect(Object.values(env).filter((value) => secrets.includes(value) || value === 'mine')).toEqual([]);
    },
  );

  it('at brokers of the user: what holds for all, and what is said to one service alone', () => {
    const common = { KAFKA_SASL_MECHANISM: 'scram-sha-512', KAFKA_SASL_USERNAME: 'all', KAFKA_SASL_PASSWORD: 'of-all' };
    const user = { ...common, POLICY_KAFKA_SASL_USERNAME: 'cs-policy', POLICY_KAFKA_SASL_PASSWORD_FILE: '/of-policy' };
    expect(envOf('policy', { user })).toMatchObject({
      ...{ KAFKA_SASL_MECHANISM: 'scram-sha-512', KAFKA_SASL_USERNAME: 'cs-policy' },
      ...{ KAFKA_SASL_PASSWORD: '', KAFKA_SASL_PASSWORD_FILE: '/of-policy' },
    });
    expect(envOf('planner', { user })).toMatchObject(common);
    const told = SERVICES.filter((service) => Object.values(envOf(service, { user })).join().includes('/of-policy'));
    expect(told).toEqual(['policy']);
    expect(kafkaEnvOf('migrator', { ...layout, user: { MIGRATOR_KAFKA_SASL_PASSWORD: 'm' } })).toEqual({
      ...{ KAFKA_BROKERS: layout.kafkaBrokers, KAFKA_SASL_PASSWORD: 'm', KAFKA_SASL_PASSWORD_FILE: '' },
    });
  });

  it('and a client in a role comes as a process would that is told so', () => {
    const { kafkaBrokers } = layout;
    const brokers = kafkaBrokers.split(',');
    expect(kafkaAs('sre', { kafkaBrokers, user: {} })).toEqual({ brokers, ssl: false });
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'kafka-as-')), 'password');
    fs.writeFileSync(file, 'of-sre\n');
    const common = {
      KAFKA_SSL: 'true',
      KAFKA_SASL_MECHANISM: 'plain',
      KAFKA_SASL_USERNAME: 'all',
      KAFKA_SASL_PASSWORD: 'p',
    };
    const user = { ...common, SRE_KAFKA_SASL_USERNAME: 'sre', SRE_KAFKA_SASL_PASSWORD_FILE: file };
    const as = (role: 'sre' | 'product') => kafkaAs(role, { kafkaBrokers, user }).sasl;
    expect(kafkaAs('sre', { kafkaBrokers, user })).toMatchObject({ brokers, ssl: true });
    expect(as('sre')).toEqual({ mechanism: 'plain', username: 'sre', password: 'of-sre' });
    expect(as('product')).toEqual({ mechanism: 'plain', username: 'all', password: 'p' });
    fs.rmSync(path.dirname(file), { recursive: true });
  });

  it('the credentials of systems of record go to the executor alone (helpdesk checks them)', () => {
    expect(SERVICES.filter((service) => values(service).includes('/data/credentials'))).toEqual([
      'helpdesk',
      'executor',
    ]);
  });

  it.each(['', '_FILE'])('the secret that signs webhooks goes to approval alone (SECRET%s)', (as) => {
    const user = { COUNTERSIGN_WEBHOOK_URL: 'https://mine.test/hook', [`COUNTERSIGN_WEBHOOK_SECRET${as}`]: 'whsec' };
    const told = SERVICES.filter((service) => Object.values(envOf(service, { user })).join().includes('whsec'));
    expect(told).toEqual(['approval']);
    expect(envOf('approval', { user })).toMatchObject(user);
  });

  it('how the console signs people in is told to gateway alone', () => {
    const user = {
      PUBLIC_URL: 'https://mine.test',
      OIDC_CONSOLE_CLIENT_ID: 'c',
      OIDC_CONSOLE_CLIENT_SECRET_FILE: '/f',
    };
    const told = SERVICES.filter((service) => Object.keys(envOf(service, { user })).join().includes('OIDC_CONSOLE'));
    expect(told).toEqual(['gateway']);
    expect(envOf('gateway', { user })).toMatchObject(user);
  });

  it('the redactor that looks at words is told to policy alone', () => {
    const user = { COUNTERSIGN_REDACTOR_URL: 'http://redactor.test' };
    const told = SERVICES.filter((service) => Object.values(envOf(service, { user })).join().includes('redactor.test'));
    expect(told).toEqual(['policy']);
  });

  it('the directory of whom AuthZEN may be asked about is told to policy alone', () => {
    const user = { COUNTERSIGN_AUTHZEN_SUBJECTS: '/subjects.json' };
    const told = SERVICES.filter((service) => 'COUNTERSIGN_AUTHZEN_SUBJECTS' in envOf(service, { user }));
    expect(told).toEqual(['policy']);
  });

  it('a service of the product reads its own keys', () => {
    expect(envOf('policy')['COUNTERSIGN_KEYS_DIR']).toBe('/data/keys/policy');
    expect(envOf('helpdesk')['COUNTERSIGN_KEYS_DIR']).toBeUndefined();
  });

  it('without a key of the user the model is the stand-in', () => {
    expect(envOf('planner', { user: {} })).toMatchObject({
      OPENAI_API_KEY: 'stand-in',
      OPENAI_BASE_URL: `http://127.0.0.1:${ports.model}/v1`,
      OPENAI_MODEL: 'stand-in',
    });
  });

  it("with a key of the user the model is the user's, and every service knows which: it is part of the fingerprint", () => {
    const user = { OPENAI_API_KEY: 'sk-user', OPENAI_MODEL: 'gpt-x' };
    expect(envOf('planner', { user })).toMatchObject({ OPENAI_API_KEY: 'sk-user', OPENAI_MODEL: 'gpt-x' });
    expect(envOf('executor', { user })['OPENAI_MODEL']).toBe('gpt-x');
    expect(envOf('executor', { user })['OPENAI_BASE_URL']).toBeUndefined();
  });
});

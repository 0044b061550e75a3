import { describe, expect, it } from '@jest/globals';
import { SERVICES, type Service } from './service-catalog.js';
import { exampleLayout } from './service-env.example.js';
import { serviceEnv, type Layout } from './service-env.js';

const layout = exampleLayout({
  user: { PATH: '/bin', AWS_SECRET_ACCESS_KEY: 'aws-secret', KAFKA_SASL_PASSWORD: 'broker', OPENAI_API_KEY: 'sk-user' },
});
const { ports } = layout;
const envOf = (service: Service, over: Partial<Layout> = {}) =>
  serviceEnv(service, { ...layout, ...over }, `${service}-1`, ports[service]);
const values = (service: Service) => Object.values(envOf(service)).join('\n');

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

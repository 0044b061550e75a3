import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import { prepareSecrets } from './prepare.js';
import { repoRoot } from './repo-root.js';
import { CORE_SERVICES, folderOf, SERVICES, type Service } from './service-catalog.js';
import { serviceEnv } from './service-env.js';
import { exampleLayout } from './service-env.example.js';

interface ComposeService {
  command?: string[];
  environment?: Record<string, string | number>;
  volumes?: string[];
  depends_on?: Record<string, unknown>;
  image?: string;
  profiles?: string[];
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
}

const file = fs.readFileSync(path.join(repoRoot(), 'docker-compose.yml'), 'utf8');
const compose = parse(file, { merge: true }) as { services: Record<string, ComposeService>; volumes: object };
const threeBrokers = fs.readFileSync(path.join(repoRoot(), 'deploy/three-brokers.env'), 'utf8');
const dockerfile = fs.readFileSync(path.join(repoRoot(), 'deploy/Dockerfile'), 'utf8');
// Said to every container by the image, or of use on one machine only.
const OF_THE_IMAGE = /^(PATH|NODE_ENV|NODE_COMPILE_CACHE|HOST|PORT|KAFKAJS_NO_PARTITIONER_WARNING)$/;

/** The names a service is told by `npm start`, which is seen to work. */
function wanted(service: Service): string[] {
  const instance = CORE_SERVICES.some((core) => core === service) ? [] : ['COUNTERSIGN_INSTANCE'];
  const names = Object.keys(serviceEnv(service, exampleLayout({ user: {} }), `${service}-1`, 1));
  return names.filter((name) => !OF_THE_IMAGE.test(name) && !instance.includes(name));
}

describe('docker-compose.yml', () => {
  it.each(SERVICES)('%s runs its own program and is told all that npm start tells it', (service) => {
    const { command, environment = {} } = compose.services[service]!;
    expect(command).toEqual([`apps/${folderOf(service)}/dist/main.js`]);
    const told = Object.keys(environment).map((name) => name.replace(/^DATABASE_URL_FILE$/, 'DATABASE_URL'));
    expect(wanted(service).filter((name) => !told.includes(name))).toEqual([]);
  });

  it.each([...CORE_SERVICES, 'helpdesk', 'migrator'])('%s mounts its own secrets and no others', (service) => {
    const secrets = (compose.services[service]!.volumes ?? []).filter((volume) => volume.includes('secrets:'));
    expect(secrets).toEqual([`${service}-secrets:/run/countersign:ro`]);
    expect(compose.services['secrets']!.volumes).toContain(`${service}-secrets:/secrets/${service}`);
    expect(dockerfile).toMatch(new RegExp(`mkdir [a-z ]*\\b${service}\\b`));
  });

  it('gives the credentials of helpdesk to the executor alone', () => {
    const holders = Object.entries(compose.services).filter(([, { volumes }]) =>
      volumes?.some((v) => /^credentials:/.test(v)),
    );
    expect(holders.map(([name]) => name).sort()).toEqual(['executor', 'helpdesk', 'secrets']);
  });

  it('sets stages as npm start does, once who decides and who carries out are up', () => {
    const { command, depends_on = {} } = compose.services['stages']!;
    expect(command).toEqual(['libs/embedded/dist/prepare.js', 'stages']);
    expect(Object.keys(depends_on).sort()).toEqual(['executor', 'gateway', 'policy']);
  });

  it('lets no container of ours write its image or gain rights', () => {
    const ours = Object.values(compose.services).filter(({ image }) => image === 'countersign:local');
    expect(ours).toHaveLength(13);
    for (const service of ours)
      expect(service).toMatchObject({
        ...{ read_only: true, cap_drop: ['ALL'] },
        security_opt: ['no-new-privileges:true'],
      });
    expect(dockerfile).toMatch(/^USER node$/m);
  });

  it('has three brokers by profile, that find each other, and one without', () => {
    const brokers = Object.entries(compose.services).filter(([, { image }]) => image?.startsWith('apache/kafka:'));
    const names = brokers.map(([name]) => name);
    expect(brokers.map(([, { profiles }]) => profiles)).toEqual([undefined, ['three-brokers'], ['three-brokers']]);
    expect(brokers.map(([, { environment }]) => environment!['KAFKA_NODE_ID'])).toEqual([1, 2, 3]);
    for (const [name, { environment, volumes }] of brokers) {
      expect(environment!['KAFKA_ADVERTISED_LISTENERS']).toBe(`PLAINTEXT://${name}:9092`);
      expect(volumes).toEqual([`${name}-data:/var/lib/kafka/data`]);
    }
    const env = new Map([...threeBrokers.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]));
    expect(env.get('COMPOSE_PROFILES')).toBe('three-brokers');
    expect(env.get('KAFKA_VOTERS')).toBe(names.map((name, index) => `${index + 1}@${name}:9093`).join(','));
    expect(env.get('KAFKA_BROKERS')).toBe(names.map((name) => `${name}:9092`).join(','));
    expect([env.get('KAFKA_COPIES'), env.get('KAFKA_IN_SYNC')]).toEqual(['3', '2']);
    const asked = new Set([...file.matchAll(/\$\{(KAFKA_[A-Z_]+):-/g)].map(([, name]) => name!));
    expect([...asked].sort()).toEqual([...env.keys()].filter((name) => name.startsWith('KAFKA_')).sort());
  });

  it('names no service or volume that it does not have', () => {
    const services = Object.keys(compose.services);
    for (const { depends_on = {}, volumes = [] } of Object.values(compose.services)) {
      expect(services).toEqual(expect.arrayContaining(Object.keys(depends_on)));
      expect(Object.keys(compose.volumes)).toEqual(expect.arrayContaining(volumes.map((v) => v.split(':')[0])));
    }
  });
});

describe('the secrets for containers', () => {
  let dir: string;
  beforeAll(() => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'secrets-'));
    prepareSecrets(dir, 'postgres:5432');
  });
  afterAll(() => fs.rmSync(dir, { recursive: true }));
  const text = (name: string) => fs.readFileSync(path.join(dir, name), 'utf8');

  it('give each service a login of its own, with the password the migrator sets', () => {
    const passwords = JSON.parse(text('migrator/passwords.json')) as Record<string, string>;
    for (const service of CORE_SERVICES) {
      const password = passwords[service]!;
      expect(text(`${service}/database-url`)).toBe(
        `postgres://countersign_${service}:${password}@postgres:5432/countersign`,
      );
    }
  });

  it('are the same the next time', () => {
    const before = ['migrator/passwords.json', 'policy/sign.pem', 'credentials/helpdesk/acme.token'].map(text);
    prepareSecrets(dir, 'postgres:5432');
    expect(['migrator/passwords.json', 'policy/sign.pem', 'credentials/helpdesk/acme.token'].map(text)).toEqual(before);
  });
});

import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import { KAFKA_ROLES, kafkaAclsOf, topicName, topicSpecs, type KafkaRole } from '@countersign/contracts';
import { cacheDir, repoRoot } from './repo-root.js';
import { CORE_SERVICES } from './service-catalog.js';
import { serviceEnv } from './service-env.js';
import { exampleLayout } from './service-env.example.js';

interface Manifest {
  kind: string;
  metadata: { name: string; annotations?: Record<string, string> };
  spec: Record<string, unknown>;
}
interface Container {
  args: string[];
  env: { name: string; value?: unknown; valueFrom?: unknown }[];
  securityContext: object;
}
interface Pod {
  securityContext: object;
  containers: [Container];
  volumes: {
    name: string;
    projected?: { sources: { secret?: { name: string } }[] };
    secret?: { secretName: string };
  }[];
}

// `npm run charts` builds it and says where it is.
const built = path.join(cacheDir(), 'helm', 'helm');
const helm = process.env['COUNTERSIGN_HELM'] ?? (fs.existsSync(built) ? built : undefined);
if (!helm)
  console.warn('The charts are not tried: no Helm is there. `npm run charts` builds one with Go and tries them.');
const described = helm ? describe : describe.skip;

const SAID = {
  image: { tag: '1' },
  publicUrl: 'https://actions.example.com',
  kafka: { brokers: 'kafka:9093' },
  oidc: { issuer: 'https://identity.example.com', consoleClientId: 'console' },
  model: { baseUrl: 'https://model.example.com/v1', name: 'm' },
  workflows: '@countersign/support-desk',
  targets: '{"helpdesk":"https://helpdesk.example.com"}',
  credentials: { files: { 'helpdesk-acme': 'helpdesk/acme.token' } },
};

function template(chart: string, values: object): Manifest[] {
  const folder = path.join(repoRoot(), 'deploy/helm', chart);
  const args = ['template', 'cs', folder, '--kube-version', '1.33.0', '--values', '-'];
  const stdio: ['pipe', 'pipe', 'pipe'] = ['pipe', 'pipe', 'pipe'];
  const text = execFileSync(helm!, args, { input: JSON.stringify(values), encoding: 'utf8', stdio });
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}
const podOf = ({ spec }: Manifest): Pod => (spec['template'] as { spec: Pod }).spec;
const of = (all: Manifest[], kind: string, name?: string) =>
  all.filter((one) => one.kind === kind && (name === undefined || one.metadata.name === name));

/** Rights as Strimzi writes them. */
function strimziAclsOf(role: KafkaRole, prefix: string) {
  const camel = (words: string) =>
    words.toLowerCase().replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return kafkaAclsOf(role, prefix).map(({ resource, name, pattern, operations }) => ({
    ...{ type: resource.toLowerCase(), name, patternType: pattern === 'PREFIXED' ? 'prefix' : 'literal' },
    operations: operations.map(camel),
  }));
}

describe('the rights that the chart countersign-kafka gives', () => {
  it('are those of the contracts, with or without Helm', () => {
    const file = path.join(repoRoot(), 'deploy/helm/countersign-kafka/files/users.json');
    const wanted = Object.fromEntries(KAFKA_ROLES.map((role) => [role, strimziAclsOf(role, '@')]));
    expect(JSON.parse(fs.readFileSync(file, 'utf8'))).toEqual(wanted);
  });
});

described('the charts', () => {
  it.each([
    ['countersign', SAID],
    ['countersign-kafka', { cluster: 'main' }],
  ])('%s has nothing that Helm warns of', (chart, values) => {
    const folder = path.join(repoRoot(), 'deploy/helm', chart);
    const input = JSON.stringify(values);
    expect(
      execFileSync(helm!, ['lint', '--strict', '--values', '-', folder], { input, encoding: 'utf8', stdio: 'pipe' }),
    ).toContain('0 chart(s) failed');
  });
});

described('the chart countersign', () => {
  const all = helm ? template('countersign', SAID) : [];
  // Said by the image or by Kubernetes, of one machine only, or of the demo's system of record.
  const ELSEWHERE = /^(PATH|NODE_ENV|NODE_COMPILE_CACHE|HOST|PORT|KAFKAJS_NO_PARTITIONER_WARNING|HELPDESK_URL)$/;

  it.each(CORE_SERVICES)('%s runs its own program and is told all that npm start tells it', (service) => {
    const [deployment] = of(all, 'Deployment', `cs-${service}`);
    const { args, env } = podOf(deployment!).containers[0];
    expect(args).toEqual([`apps/${service}/dist/main.js`]);
    const told = env.map(({ name }) => name.replace(/^DATABASE_URL_FILE$/, 'DATABASE_URL'));
    const wanted = Object.keys(serviceEnv(service, exampleLayout({ user: {} }), `${service}-1`, 1));
    expect(wanted.filter((name) => !ELSEWHERE.test(name) && !told.includes(name))).toEqual([]);
  });

  it.each([...CORE_SERVICES, 'migrator'])('%s mounts its own secret, and only the executor credentials', (service) => {
    const [owner] = all.filter(
      ({ kind, metadata }) => /^(Deployment|Job)$/.test(kind) && metadata.name === `cs-${service}`,
    );
    const { volumes } = podOf(owner!);
    const secrets = volumes.flatMap(({ projected }) => projected?.sources.flatMap(({ secret }) => secret?.name ?? []));
    expect(secrets.filter(Boolean)).toEqual([`cs-${service}`]);
    const others = volumes.flatMap(({ secret }) => secret?.secretName ?? []);
    expect(others).toEqual(service === 'executor' ? ['countersign-credentials'] : []);
  });

  it('lets no container write its image, gain rights or be root, and gives none a token of the cluster', () => {
    const pods = all.filter(({ kind }) => /^(Deployment|Job)$/.test(kind)).map(podOf);
    expect(pods).toHaveLength(CORE_SERVICES.length + 1);
    for (const pod of pods) {
      expect(pod).toMatchObject({ automountServiceAccountToken: false, securityContext: { runAsNonRoot: true } });
      expect(pod.containers[0].securityContext).toEqual({
        ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
        capabilities: { drop: ['ALL'] },
      });
    }
  });

  it.each([...CORE_SERVICES, 'migrator'])(
    '%s comes to the brokers as a user of its own, that the other chart makes',
    (service) => {
      const users = of(template('countersign-kafka', { cluster: 'main', release: 'cs' }), 'KafkaUser');
      const [owner] = all.filter(
        ({ kind, metadata }) => /^(Deployment|Job)$/.test(kind) && metadata.name === `cs-${service}`,
      );
      const env = Object.fromEntries(podOf(owner!).containers[0].env.map(({ name, value }) => [name, value]));
      expect(env).toMatchObject({
        ...{ KAFKA_SASL_MECHANISM: 'scram-sha-512', KAFKA_SASL_USERNAME: `cs-${service}` },
        KAFKA_SASL_PASSWORD_FILE: '/run/countersign/kafka-password',
      });
      expect(users.map(({ metadata }) => metadata.name)).toContain(`cs-${service}`);
    },
  );

  it('lets the migrator give rights only if it is told to', () => {
    const told = (values: object) => {
      const [job] = of(template('countersign', values), 'Job', 'cs-migrator');
      return podOf(job!).containers[0].env.find(({ name }) => name === 'MIGRATOR_KAFKA_USERS')?.value;
    };
    expect(told(SAID)).toBeUndefined();
    expect(told({ ...SAID, kafka: { ...SAID.kafka, rightsByMigrator: true } })).toBe('cs');
  });

  it('has no secret in an environment that can be read with the pod', () => {
    const env = all.filter(({ kind }) => kind === 'Deployment').flatMap((one) => podOf(one).containers[0].env);
    const secret = env.filter(({ name }) => /PASSWORD|SECRET|API_KEY|TOKEN/.test(name) && !name.endsWith('_FILE'));
    expect(secret.map(({ name }) => name).sort()).toEqual(['COUNTERSIGN_WEBHOOK_SECRET', 'OPENAI_API_KEY']);
    for (const { value, valueFrom } of secret) expect([value, valueFrom]).toEqual([undefined, expect.anything()]);
  });

  it('migrates before anything else of a release', () => {
    const [job] = of(all, 'Job', 'cs-migrator');
    expect(job!.metadata.annotations).toMatchObject({ 'helm.sh/hook': 'pre-install,pre-upgrade' });
  });

  it('keeps one instance of each while nodes are drained, and can be drained with one alone', () => {
    const budgets = of(all, 'PodDisruptionBudget').map(({ spec }) => spec['minAvailable']);
    expect(budgets).toEqual(CORE_SERVICES.map(() => 1));
    const one = template('countersign', { ...SAID, services: { audit: { replicas: 1 } } });
    expect(of(one, 'PodDisruptionBudget', 'cs-audit')[0]!.spec).toMatchObject({ maxUnavailable: 1 });
  });

  it('lets only the gateway ask the services', () => {
    const asked = of(all, 'NetworkPolicy').filter(({ spec }) =>
      JSON.stringify(spec['ingress']).includes('podSelector'),
    );
    expect(asked.map(({ metadata }) => metadata.name).sort()).toEqual(
      CORE_SERVICES.filter((service) => service !== 'gateway')
        .map((service) => `cs-${service}`)
        .sort(),
    );
  });

  it.each([
    ['image', 'image.tag'],
    ['publicUrl', 'publicUrl'],
    ['kafka', 'kafka.brokers'],
    ['oidc', 'oidc.issuer'],
    ['model', 'model.baseUrl'],
    ['workflows', 'workflows'],
    ['targets', 'targets'],
  ])('refuses without %s, and names it', (name, told) => {
    expect(() => template('countersign', { ...SAID, [name]: undefined })).toThrow(told);
  });

  it('has its pods scraped as the job that the alerts ask for', () => {
    const [monitor] = of(template('countersign', { ...SAID, podMonitor: { enabled: true } }), 'PodMonitor');
    expect(monitor!.spec['jobLabel']).toBe('app.kubernetes.io/name');
    const labels = of(all, 'Deployment').map(({ spec }) => (spec['template'] as Manifest).metadata);
    for (const { labels: one } of labels as unknown as { labels: Record<string, string> }[])
      expect(one['app.kubernetes.io/name']).toBe('countersign');
  });

  it('asks external secrets for each secret it mounts, if told to', () => {
    const more = { externalSecrets: { enabled: true, store: { name: 'vault' } } };
    const names = of(template('countersign', { ...SAID, ...more }), 'ExternalSecret').map(
      ({ metadata }) => metadata.name,
    );
    expect(names.sort()).toEqual([...CORE_SERVICES, 'migrator'].map((service) => `cs-${service}`).sort());
  });
});

described('the chart countersign-kafka', () => {
  const all = helm ? template('countersign-kafka', { cluster: 'main', partitions: 8 }) : [];

  it('makes the topics as the migrator does, and keeps them when it is taken away', () => {
    const topics = of(all, 'KafkaTopic').map(({ metadata, spec }) => {
      const { 'min.insync.replicas': least, ...config } = spec['config'] as Record<string, string>;
      expect([metadata.annotations, spec['replicas'], least]).toEqual([{ 'helm.sh/resource-policy': 'keep' }, 3, 2]);
      return { name: metadata.name, partitions: spec['partitions'], config };
    });
    const wanted = topicSpecs(8).map(({ topic, partitions, config }) => ({
      name: topicName(topic),
      partitions,
      config,
    }));
    expect(topics).toEqual(wanted);
  });

  const OUTSIDE = { shop: 'product', 'on-call': 'sre', pipeline: 'release' };
  const usersOf = (values: object) => of(template('countersign-kafka', { cluster: 'main', ...values }), 'KafkaUser');

  it('gives each user what the contracts say, whatever the topics are called, and nothing else', () => {
    const users = usersOf({ release: 'cs', topicPrefix: 'mine', outside: OUTSIDE }).map(({ metadata, spec }) => {
      const { authorization, authentication, ...rest } = spec as Record<string, Record<string, unknown>>;
      expect([authorization!['type'], authentication, rest]).toEqual(['simple', { type: 'scram-sha-512' }, {}]);
      const acls = authorization!['acls'] as { resource: object; operations: string[]; host: string }[];
      expect(acls.map(({ host }) => host)).toEqual(acls.map(() => '*'));
      return [metadata.name, acls.map(({ resource, operations }) => ({ ...resource, operations }))];
    });
    const services = [...CORE_SERVICES, 'migrator' as const].map((role) => [`cs-${role}`, role] as const);
    const wanted = [...services, ...(Object.entries(OUTSIDE) as [string, KafkaRole][])];
    expect(Object.fromEntries(users)).toEqual(
      Object.fromEntries(wanted.map(([user, role]) => [user, strimziAclsOf(role, 'mine')])),
    );
    expect(users).toHaveLength(KAFKA_ROLES.length);
  });

  it('takes passwords from a secret of yours, one a user, if it is told of one', () => {
    for (const { metadata, spec } of usersOf({ passwords: 'kafka-passwords' })) {
      const valueFrom = { secretKeyRef: { name: 'kafka-passwords', key: metadata.name } };
      expect(spec['authentication']).toEqual({ type: 'scram-sha-512', password: { valueFrom } });
    }
  });

  it('knows no role outside but those three, and gives no service another', () => {
    expect(() => usersOf({ release: 'cs', outside: { 'cs-policy': 'sre' } })).toThrow('outside.cs-policy: a service');
    expect(() => usersOf({ outside: { mallory: 'policy' } })).toThrow(
      'outside.mallory: product, sre or release, not policy',
    );
  });

  it('refuses without the name of the cluster', () => {
    expect(() => template('countersign-kafka', {})).toThrow('cluster');
  });
});

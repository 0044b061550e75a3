import { execFile } from 'node:child_process';
import { EventEmitter } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { DEFAULT_TOPIC_PREFIX } from '@countersign/contracts';
import { DataDir } from './data-dir.js';
import { atPort, databaseOf, OWNED, ownedDatabase } from './databases.js';
import { throwawayDir } from './engines.js';
import { StartFailed } from './errors.js';
import { startKafka, type Kafka } from './kafka.js';
import { kafkaAs } from './kafka-connection.js';
import { EMBEDDED_USERS } from './kafka-users.js';
import { answersReady, freePort, ownsPort } from './ports.js';
import { startPostgres } from './postgres.js';
import { cacheDir, repoRoot } from './repo-root.js';
import { CORE_SERVICES, folderOf, OUTSIDE_SERVICES, SERVICES, type Service } from './service-catalog.js';
import { handedOn, kafkaEnvOf, serviceEnv, type Layout } from './service-env.js';
import { publishStages, STAGES_ARE_YOURS } from './stages.js';
import { Supervisor, type SupervisorEvent } from './supervisor.js';
import type { InstanceSettings, System, SystemOptions, SystemUrls } from './system-options.js';
import { databasePasswords, helpdeskToken, makeCredentials, makeKeys } from './system-keys.js';
import { allotPorts, type PortName } from './system-ports.js';

/**
 * Starts the whole system on this machine and returns when every service is ready: engines, topics and schemas, what stands
 * in for the world outside, services. All of it is supervised, and none of it outlives this process.
 *
 * @throws MissingPrerequisite, PortInUse, DataDirInUse (exit 2), StartFailed (exit 1)
 * @example
 * const system = await startSystem({ onProgress: ({ step, seconds }) => console.error(step, seconds) });
 * await fetch(`${system.urls.gateway}/healthz`);
 * await system.stop();
 */
export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const data = await DataDir.take(path.resolve(options.dataDir ?? throwawayDir('run')));
  const supervisor = new Supervisor(data);
  const starting = new Starting(options, data, supervisor);
  try {
    return await starting.run();
  } catch (error) {
    await starting.stop();
    throw error;
  }
}

class Starting {
  private readonly events = new EventEmitter<{ event: [SupervisorEvent] }>();
  private readonly throwaway: boolean;
  private readonly services: readonly Service[];
  private readonly settings = new Map<string, InstanceSettings & { service: Service }>();

  constructor(
    private readonly options: SystemOptions,
    private readonly data: DataDir,
    private readonly supervisor: Supervisor,
  ) {
    this.throwaway = options.dataDir === undefined;
    this.services = options.services ?? SERVICES;
    supervisor.onEvent((event) => this.events.emit('event', event));
  }

  async run(): Promise<System> {
    const ports = await allotPorts(this.data.path, this.namedPorts());
    const [kafka, postgres] = await Promise.all([this.kafka(ports.kafka), this.postgres(ports.postgres)]);
    const layout = await this.layout(ports, kafka, postgres);
    const core = this.chosen(CORE_SERVICES);
    await Promise.all([
      ...(core.length > 0 ? [this.step('schemas and topics', () => this.migrate(layout))] : []),
      ...this.chosen(OUTSIDE_SERVICES).map((service) => this.startService(service, layout)),
    ]);
    await Promise.all(core.map((service) => this.startService(service, layout)));
    if (this.options.stages !== false && STAGING.every((service) => this.services.includes(service)))
      await this.letAct(layout);
    return this.system(layout, kafka, postgres);
  }

  private namedPorts(): Partial<Record<PortName, number>> {
    const { ports, via = {} } = this.options;
    const at = { ...(via.postgres && { postgres: via.postgres.target }) };
    return { ...ports, ...at, ...(via.helpdesk && { helpdesk: via.helpdesk.target }) };
  }

  async stop(): Promise<void> {
    for (const row of [CORE_SERVICES, OUTSIDE_SERVICES, ENGINES] as readonly (readonly string[])[]) {
      const instances = this.supervisor.instances().filter(({ name }) => row.includes(name));
      await Promise.all(instances.map(({ instance }) => this.supervisor.stop(instance)));
    }
    await this.supervisor.close();
    this.data.release();
    if (this.throwaway) this.data.remove();
  }

  private chosen<T extends Service>(of: readonly T[]): T[] {
    return of.filter((service) => this.services.includes(service));
  }

  private async step<T>(step: string, work: () => Promise<T>): Promise<T> {
    const began = performance.now();
    this.options.onProgress?.({ step });
    const result = await work();
    this.options.onProgress?.({ step, seconds: (performance.now() - began) / 1000 });
    return result;
  }

  private kafka(port: number): Promise<Pick<Kafka, 'brokers' | 'logins'>> {
    const { kafkaBrokers, engineDirs, via, brokers: nodes, secure } = this.options;
    if (kafkaBrokers) return Promise.resolve({ brokers: kafkaBrokers });
    const { supervisor, throwaway } = this;
    const dir = engineDirs?.kafka ?? this.data.child('kafka');
    const users = secure ? { usersDir: kafkaUsersDir(this.data.path), topicPrefix: this.topicPrefix } : {};
    return this.step('Apache Kafka', () =>
      startKafka({ dir, port, nodes, via: via?.kafka, supervisor, throwaway, ...users }),
    );
  }

  /** The URL of who may make databases and roles. */
  private postgres(port: number): Promise<string> {
    const { databaseUrl, fsync, engineDirs } = this.options;
    if (databaseUrl) return Promise.resolve(databaseUrl);
    const { supervisor, throwaway } = this;
    const dir = engineDirs?.postgres ?? this.data.child('postgres');
    const start = () => startPostgres({ dir, port, fsync, supervisor, throwaway });
    return this.step('PostgreSQL', async () => (await start()).url);
  }

  private get topicPrefix(): string {
    return this.options.topicPrefix ?? process.env['TOPIC_PREFIX'] ?? DEFAULT_TOPIC_PREFIX;
  }

  private async layout(
    ports: Record<PortName, number>,
    { brokers, logins }: Pick<Kafka, 'brokers' | 'logins'>,
    postgres: string,
  ): Promise<Layout> {
    const { path: dir } = this.data;
    const folder = (name: string) => path.join(dir, name);
    makeKeys(folder('keys'));
    makeCredentials(folder('credentials'));
    const passwords = databasePasswords(folder('secrets'));
    const owner = this.options.databaseUrl ?? (await embeddedOwner(postgres, passwords['owner']!));
    const database = databaseOf(owner);
    const { via } = this.options;
    const helpdesk = {
      database: `${database}_helpdesk`,
      role: `${database}_helpdesk`,
      password: passwords['helpdesk']!,
    };
    return {
      ports,
      kafkaBrokers: via?.kafka ? `127.0.0.1:${via.kafka.proxy}` : brokers,
      ...(logins && { kafkaLogins: logins }),
      databaseUrl: via?.postgres ? atPort(owner, via.postgres.proxy) : owner,
      database,
      passwords,
      helpdeskPort: via?.helpdesk?.proxy ?? ports.helpdesk,
      helpdeskDatabaseUrl: await ownedDatabase({ admin: owner, ...helpdesk }),
      topicPrefix: this.topicPrefix,
      workflows: (this.options.workflows ?? [process.env['COUNTERSIGN_WORKFLOWS'] ?? '@countersign/support-desk']).join(
        ',',
      ),
      keysDir: folder('keys'),
      credentialsDir: folder('credentials'),
      identityDir: this.data.child('identity'),
      compileCache: path.join(cacheDir(), 'compile-cache'),
      extra: this.options.env ?? {},
      user: process.env,
    };
  }

  private async migrate(layout: Layout): Promise<void> {
    const passwords = path.join(this.data.path, 'secrets', 'roles.json');
    fs.writeFileSync(passwords, JSON.stringify(layout.passwords), { mode: 0o600 });
    const env = {
      ...handedOn(process.env),
      NODE_COMPILE_CACHE: layout.compileCache,
      DATABASE_URL: layout.databaseUrl,
      MIGRATOR_PASSWORDS: passwords,
      MIGRATOR_SERVICES: this.chosen(CORE_SERVICES).join(','),
      ...kafkaEnvOf('migrator', layout),
      ...(layout.kafkaLogins && { MIGRATOR_KAFKA_USERS: EMBEDDED_USERS }),
      TOPIC_PREFIX: layout.topicPrefix,
      ...layout.extra,
    };
    const argv = [...NODE_FLAGS, path.join(repoRoot(), 'apps/migrator/dist/main.js')];
    try {
      await promisify(execFile)(process.execPath, argv, { env, timeout: 120_000 });
    } catch (error) {
      throw new StartFailed(`The migrator failed: ${(error as { stderr?: string }).stderr?.trim() || String(error)}`);
    }
  }

  private async startService(service: Service, layout: Layout): Promise<void> {
    const count = this.options.instances?.[service] ?? 1;
    const numbers = Array.from({ length: count }, (_, index) => index + 1);
    await this.step(service, async () => {
      await Promise.all(numbers.map((number) => this.startInstance(service, number, layout)));
    });
  }

  private async startInstance(service: Service, number: number, layout: Layout): Promise<void> {
    const instance = `${service}-${number}`;
    const port = number === 1 ? layout.ports[service] : await freePort();
    const settings = {
      env: { ...serviceEnv(service, layout, instance, port), ...this.options.instanceEnv?.(service, number) },
      nodeFlags: this.options.nodeFlags?.(service, number) ?? [],
    };
    const { servicesFrom } = this.options;
    const root = servicesFrom && isCore(service) ? servicesFrom : repoRoot();
    this.settings.set(instance, { service, ...settings });
    await this.supervisor.start({
      name: service,
      instance,
      argv: argvOf(service, settings.nodeFlags, root),
      env: settings.env,
      cwd: root,
      isReady: async (pid) => ownsPort(pid, port) && (await answersReady(port)),
    });
  }

  private async release(instance: string, more: Partial<InstanceSettings> = {}): Promise<void> {
    const first = this.settings.get(instance);
    if (!first) return this.supervisor.release(instance);
    const argv = argvOf(first.service, [...first.nodeFlags, ...(more.nodeFlags ?? [])], repoRoot());
    await this.supervisor.release(instance, { argv, env: { ...first.env, ...more.env }, cwd: repoRoot() });
  }

  /** Stages and releases: without both nothing is changed. */
  private async letAct(layout: Layout): Promise<void> {
    await this.stages(layout);
    const { gateway, identity } = urlsOf(layout.ports);
    const told = serviceEnv('planner', layout, 'planner-1', layout.ports.planner);
    if (this.options.releases === false || told['OIDC_ISSUER'] !== identity) return;
    const env = {
      ...handedOn(process.env),
      ...named(told, ['COUNTERSIGN_WORKFLOWS', 'OPENAI_BASE_URL', 'OPENAI_MODEL']),
      DATABASE_URL: layout.databaseUrl,
      NODE_COMPILE_CACHE: layout.compileCache,
    };
    const tell = (note: string) => this.options.onProgress?.({ step: 'cases', note });
    const { topicPrefix, keysDir } = layout;
    const kafka = kafkaAs('release', layout);
    const where = { gateway, identity, kafka, topicPrefix, keysDir: path.join(keysDir, 'release') };
    // It alone speaks to Kafka as a service does: loaded where a system is released, not by every command and test.
    const { publishReleases } = await import('./releases.js');
    const unreleased = await this.step('cases and releases', () =>
      publishReleases({ ...where, env, onProgress: tell }),
    );
    for (const note of unreleased) this.options.onProgress?.({ step: 'releases', note });
  }

  private async stages(layout: Layout): Promise<void> {
    const { gateway, identity } = urlsOf(layout.ports);
    const { OIDC_ISSUER } = serviceEnv('policy', layout, 'policy-1', layout.ports.policy);
    if (OIDC_ISSUER === identity) await this.step('stages', () => publishStages({ gateway, identity }));
    else this.options.onProgress?.({ step: 'stages', note: STAGES_ARE_YOURS });
  }

  private system(layout: Layout, { brokers: kafka }: Pick<Kafka, 'brokers'>, postgres: string): System {
    const { supervisor, data, events } = this;
    const superuser = new URL(postgres);
    superuser.pathname = `/${layout.database}`;
    return {
      urls: {
        ...urlsOf(layout.ports),
        kafka,
        postgres: superuser.href,
      },
      dataDir: data.path,
      topicPrefix: layout.topicPrefix,
      ...(layout.kafkaLogins && { kafkaUsers: kafkaUsersDir(data.path) }),
      kafkaAs: (role) => kafkaAs(role, { ...layout, kafkaBrokers: kafka }),
      events,
      pids: () => supervisor.pids(),
      instances: () => supervisor.instances(),
      hold: (instance, signal) => supervisor.hold(instance, signal),
      release: (instance, more) => this.release(instance, more),
      helpdeskToken: (tenant) => helpdeskToken(layout.credentialsDir, tenant),
      env: (service) => serviceEnv(service, layout, `${service}-1`, layout.ports[service]),
      logFile: (instance) => supervisor.logFile(instance),
      stop: () => this.stop(),
    };
  }
}

const named = (env: Record<string, string>, names: string[]): Record<string, string> =>
  Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));

const kafkaUsersDir = (dataDir: string): string => path.join(dataDir, 'secrets', 'kafka');

const ENGINES = ['kafka', 'postgres'];
/** Without one of these no stage comes into force. */
const STAGING: readonly Service[] = ['gateway', 'identity', 'policy', 'executor'];
const NODE_FLAGS = ['--disable-warning=TimeoutNegativeWarning', '--max-semi-space-size=16'];

const isCore = (service: Service): boolean => (CORE_SERVICES as readonly Service[]).includes(service);

const argvOf = (service: Service, flags: string[], root: string): string[] => [
  process.execPath,
  ...NODE_FLAGS,
  ...flags,
  path.join(root, 'apps', folderOf(service), 'dist/main.js'),
];

function urlsOf(ports: Layout['ports']): Pick<SystemUrls, 'gateway' | 'helpdesk' | 'model' | 'identity'> {
  const at = (service: Service) => `http://127.0.0.1:${ports[service]}`;
  return { gateway: at('gateway'), helpdesk: at('helpdesk'), model: at('model'), identity: at('identity') };
}

function embeddedOwner(admin: string, password: string): Promise<string> {
  return ownedDatabase({
    admin,
    database: OWNED,
    role: OWNED,
    password,
    rights: 'CREATEROLE CREATEDB',
  });
}

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { restQueues } from '@countersign/messaging/rest-queues';
import kafkajs, { type KafkaConfig } from 'kafkajs';
import { StartFailed } from './errors.js';
import { kafkaJars, requireJava } from './kafka-jars.js';
import { serverProperties, type KafkaNode, type Via } from './kafka-properties.js';
import { grantToMigrator } from './kafka-rights.js';
import { kafkaLogins, saslOf, type KafkaAccount, type KafkaLogin } from './kafka-users.js';
import { freePort, ownsPort, requireFree } from './ports.js';
import { repoRoot } from './repo-root.js';
import { setScramPasswords } from './scram.js';
import type { Supervisor } from './supervisor.js';

// Else Node warns of kafkajs's negative timeout in front of everybody who starts the system.
restQueues();

export interface KafkaOptions {
  /** Where its data is kept. */
  dir: string;
  supervisor: Supervisor;
  /** Of the first broker; a free one by default. */
  port?: number;
  /** How many nodes, each a process of its own: `kafka-1` and so on; one, called `kafka`, by default. */
  nodes?: number;
  /** A second listener of the first, for clients that come over a proxy. */
  via?: Via;
  /** The data is thrown away after the stop: end it at once. */
  throwaway?: boolean;
  /** Where the passwords of its users are kept: clients have to log in, and may do what is granted to them. Without it anybody may do anything. */
  usersDir?: string;
  /** Of the topics that rights are about, if there are users. */
  topicPrefix?: string;
}

export interface Kafka {
  brokers: string;
  clusterId: string;
  /** Of a broker with users. */
  logins?: Record<KafkaAccount, KafkaLogin>;
  /** There the superusers log in, by PLAIN. */
  internal?: string;
}

// Two cores: the collector and the compiler that cost least at the start.
const JVM = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];

/**
 * Starts Apache Kafka in KRaft mode on 127.0.0.1 and waits until every node answers with the cluster id of this data folder.
 *
 * @throws MissingPrerequisite without Java 17 or Maven
 * @throws PortInUse when the port named is taken
 */
export async function startKafka(options: KafkaOptions): Promise<Kafka> {
  requireJava();
  await kafkaJars();
  const logins = options.usersDir === undefined ? undefined : kafkaLogins(options.usersDir);
  const nodes = await kafkaNodes(options, logins !== undefined);
  const clusterId = clusterIdOf(path.resolve(options.dir));
  await Promise.all(nodes.map((node) => startNode(options, { node, nodes, clusterId, logins })));
  const brokers = nodes.map(brokerOf).join(',');
  if (!logins) return { brokers, clusterId };
  await letIn(brokers, nodes[0]!, logins, options.topicPrefix);
  return { brokers, clusterId, logins, internal: `127.0.0.1:${nodes[0]!.internal}` };
}

/** Where a node of several keeps its data, and what the supervisor calls it. */
const kafkaInstance = (id: number): string => `kafka-${id}`;
const brokerOf = ({ broker }: KafkaNode): string => `127.0.0.1:${broker}`;

interface NodeOf {
  node: KafkaNode;
  nodes: KafkaNode[];
  clusterId: string;
  logins: Logins | undefined;
}

async function startNode(options: KafkaOptions, { node, nodes, clusterId, logins }: NodeOf): Promise<void> {
  const dir = path.resolve(options.dir);
  const instance = nodes.length === 1 ? 'kafka' : kafkaInstance(node.id);
  const home = nodes.length === 1 ? dir : path.join(dir, instance);
  fs.mkdirSync(home, { recursive: true });
  const properties = path.join(home, 'server.properties');
  // The superusers' passwords are in it. An earlier one keeps its mode when it is written again.
  fs.rmSync(properties, { force: true });
  fs.writeFileSync(properties, serverProperties(path.join(home, 'log'), node, nodes, logins), { mode: 0o600 });
  await formatKafka(home, clusterId);
  const asked = logins ? superuserConfig(node, logins) : { brokers: [brokerOf(node)] };
  await options.supervisor.start({
    name: 'kafka',
    instance,
    argv: [requireJava(), '-Xms192m', '-Xmx512m', ...(await jvmArguments()), 'kafka.Kafka', properties],
    env: { PATH: process.env['PATH'] ?? '' },
    cwd: home,
    stopSignal: options.throwaway ? 'KILL' : 'TERM',
    stopTimeoutMs: 20_000,
    isReady: async (pid) => ownsPort(pid, node.broker) && (await clusterAt(asked)) === clusterId,
  });
}

async function jvmArguments(): Promise<string[]> {
  const log4j = `-Dlog4j2.configurationFile=${path.join(repoRoot(), 'deploy/kafka/log4j2.properties')}`;
  return [...JVM, log4j, '-cp', `${await kafkaJars()}/*`];
}

type Logins = Record<KafkaAccount, KafkaLogin>;

const superuserConfig = ({ internal }: KafkaNode, { admin: { username, password } }: Logins): KafkaConfig => ({
  brokers: [`127.0.0.1:${internal}`],
  sasl: { mechanism: 'plain', username, password },
});

/** Every user with the password of its file, and the migrator with what it needs to give the others their rights. */
async function letIn(brokers: string, node: KafkaNode, logins: Logins, prefix?: string): Promise<void> {
  const { broker: _, admin, ...users } = logins;
  await setScramPasswords({ port: node.internal!, ...admin }, Object.values(users));
  await grantToMigrator(superuserConfig(node, logins), users.migrator, prefix);
  const asMigrator = { brokers: brokers.split(','), sasl: saslOf(users.migrator) };
  // A broker takes what its controller has decided a moment later.
  for (const deadline = performance.now() + LET_IN_MS; !(await clusterAt(asMigrator)); await delay(25))
    if (performance.now() > deadline) throw new StartFailed(`Kafka lets nobody in after ${LET_IN_MS / 1000} s`);
}

const LET_IN_MS = 20_000;

async function kafkaNodes({ port, nodes = 1, via }: KafkaOptions, guarded: boolean): Promise<KafkaNode[]> {
  const all: KafkaNode[] = [];
  for (let id = 1; id <= nodes; id++) {
    const broker = id === 1 && port !== undefined ? await requireFree(port, 'Kafka') : await freePort();
    const internal = guarded ? { internal: await freePort() } : {};
    all.push({ id, broker, controller: await freePort(), ...internal, ...(id === 1 && via && { via }) });
  }
  return all;
}

/** Of a prepared data folder, or a new one. */
function clusterIdOf(dir: string): string {
  const file = path.join(dir, 'cluster-id');
  if (fs.existsSync(file)) return fs.readFileSync(file, 'utf8');
  const clusterId = randomBytes(16).toString('base64url');
  fs.mkdirSync(dir, { recursive: true });
  fs.writeFileSync(file, clusterId);
  return clusterId;
}

/**
 * Prepares a node's folder (with its `server.properties`) for the cluster, if it is not prepared: at the first start, and when its disk was
 * lost.
 */
export async function formatKafka(home: string, clusterId: string): Promise<void> {
  const log = path.join(home, 'log');
  // Written last. A first start that was cut off half-way left a folder that was never used.
  const meta = path.join(log, 'meta.properties');
  if (fs.existsSync(meta) && fs.readFileSync(meta, 'utf8').includes(`cluster.id=${clusterId}\n`)) return;
  fs.rmSync(log, { recursive: true, force: true });
  // In one word: an id may begin with a dash.
  const tool = ['kafka.tools.StorageTool', 'format', `--cluster-id=${clusterId}`];
  const argv = ['-Xmx128m', ...(await jvmArguments()), ...tool, '-c', path.join(home, 'server.properties')];
  await promisify(execFile)(requireJava(), argv);
}

/** The id of the cluster that answers, or undefined while none does or it has no broker yet. */
async function clusterAt(config: KafkaConfig): Promise<string | undefined> {
  const { Kafka, logLevel } = kafkajs;
  const client = new Kafka({ ...config, logLevel: logLevel.NOTHING, retry: { retries: 0 } });
  const admin = client.admin();
  try {
    await admin.connect();
    const cluster = await admin.describeCluster();
    return cluster.brokers.length > 0 ? cluster.clusterId : undefined;
  } catch {
    return undefined; // not up yet: asked again
  } finally {
    await admin.disconnect();
  }
}

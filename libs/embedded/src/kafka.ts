import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import kafkajs from 'kafkajs';
import { kafkaJars, requireJava } from './kafka-jars.js';
import { serverProperties, type KafkaNode, type Via } from './kafka-properties.js';
import { freePort, ownsPort, requireFree } from './ports.js';
import { repoRoot } from './repo-root.js';
import type { Supervisor } from './supervisor.js';

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
}

export interface Kafka {
  brokers: string;
  clusterId: string;
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
  const java = requireJava();
  await kafkaJars();
  const nodes = await kafkaNodes(options);
  const dir = path.resolve(options.dir);
  const clusterId = clusterIdOf(dir);
  await Promise.all(
    nodes.map(async (node) => {
      const instance = nodes.length === 1 ? 'kafka' : kafkaInstance(node.id);
      const home = nodes.length === 1 ? dir : path.join(dir, instance);
      fs.mkdirSync(home, { recursive: true });
      const properties = path.join(home, 'server.properties');
      fs.writeFileSync(properties, serverProperties(path.join(home, 'log'), node, nodes));
      await formatKafka(home, clusterId);
      const broker = brokerOf(node);
      await options.supervisor.start({
        name: 'kafka',
        instance,
        argv: [java, '-Xms192m', '-Xmx512m', ...(await jvmArguments()), 'kafka.Kafka', properties],
        env: { PATH: process.env['PATH'] ?? '' },
        cwd: home,
        stopSignal: options.throwaway ? 'KILL' : 'TERM',
        stopTimeoutMs: 20_000,
        isReady: async (pid) => ownsPort(pid, node.broker) && (await clusterAt(broker)) === clusterId,
      });
    }),
  );
  return { brokers: nodes.map(brokerOf).join(','), clusterId };
}

/** What the supervisor calls a node of several. */
export const kafkaInstance = (id: number): string => `kafka-${id}`;

const brokerOf = ({ broker }: KafkaNode): string => `127.0.0.1:${broker}`;

async function jvmArguments(): Promise<string[]> {
  const log4j = `-Dlog4j2.configurationFile=${path.join(repoRoot(), 'deploy/kafka/log4j2.properties')}`;
  return [...JVM, log4j, '-cp', `${await kafkaJars()}/*`];
}

async function kafkaNodes({ port, nodes = 1, via }: KafkaOptions): Promise<KafkaNode[]> {
  const first = port === undefined ? await freePort() : await requireFree(port, 'Kafka');
  const all: KafkaNode[] = [{ id: 1, broker: first, controller: await freePort(), ...(via && { via }) }];
  while (all.length < nodes) all.push({ id: all.length + 1, broker: await freePort(), controller: await freePort() });
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
async function clusterAt(brokers: string): Promise<string | undefined> {
  const { Kafka, logLevel } = kafkajs;
  const client = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING, retry: { retries: 0 } });
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

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import kafkajs from 'kafkajs';
import { kafkaJars, requireJava } from './kafka-jars.js';
import { serverProperties, type KafkaPorts, type Via } from './kafka-properties.js';
import { freePort, ownsPort, requireFree } from './ports.js';
import { repoRoot } from './repo-root.js';
import type { Supervisor } from './supervisor.js';

export interface KafkaOptions {
  /** Where its data is kept. */
  dir: string;
  supervisor: Supervisor;
  /** Of the broker; a free one by default. */
  port?: number;
  /** A second listener, for clients that come over a proxy. */
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
 * Starts Apache Kafka in KRaft mode on 127.0.0.1 and waits until it answers with the cluster id of this data folder.
 *
 * @throws MissingPrerequisite without Java 17 or Maven
 * @throws PortInUse when the port named is taken
 */
export async function startKafka(options: KafkaOptions): Promise<Kafka> {
  const java = requireJava();
  const jars = await kafkaJars();
  const ports = await kafkaPorts(options.port, options.via);
  const dir = path.resolve(options.dir);
  fs.mkdirSync(dir, { recursive: true });
  const properties = path.join(dir, 'server.properties');
  fs.writeFileSync(properties, serverProperties(path.join(dir, 'log'), ports));
  const log4j = `-Dlog4j2.configurationFile=${path.join(repoRoot(), 'deploy/kafka/log4j2.properties')}`;
  const base = [...JVM, log4j, '-cp', `${jars}/*`];
  const clusterId = await format(java, base, dir, properties);
  const brokers = `127.0.0.1:${ports.broker}`;
  await options.supervisor.start({
    name: 'kafka',
    argv: [java, '-Xms192m', '-Xmx512m', ...base, 'kafka.Kafka', properties],
    env: { PATH: process.env['PATH'] ?? '' },
    cwd: dir,
    stopSignal: options.throwaway ? 'KILL' : 'TERM',
    stopTimeoutMs: 20_000,
    isReady: async (pid) => ownsPort(pid, ports.broker) && (await clusterAt(brokers)) === clusterId,
  });
  return { brokers, clusterId };
}

async function kafkaPorts(port: number | undefined, via: Via | undefined): Promise<KafkaPorts> {
  const broker = port === undefined ? await freePort() : await requireFree(port, 'Kafka');
  return { broker, controller: await freePort(), ...(via && { via }) };
}

/** Prepares an empty data folder; gives the cluster id of a prepared one. */
async function format(java: string, base: string[], dir: string, properties: string): Promise<string> {
  const clusterFile = path.join(dir, 'cluster-id');
  if (fs.existsSync(clusterFile)) return fs.readFileSync(clusterFile, 'utf8');
  // A first start that was cut off half-way left a folder that was never used.
  fs.rmSync(path.join(dir, 'log'), { recursive: true, force: true });
  const clusterId = randomBytes(16).toString('base64url');
  // In one word: an id may begin with a dash.
  const tool = ['kafka.tools.StorageTool', 'format', `--cluster-id=${clusterId}`, '-c', properties];
  await promisify(execFile)(java, ['-Xmx128m', ...base, ...tool]);
  fs.writeFileSync(clusterFile, clusterId);
  return clusterId;
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

import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { MissingPrerequisite } from './errors.js';
import { cacheDir, repoRoot } from './repo-root.js';

const OLDEST_JAVA = 17;
const ALTERNATIVE = 'or set KAFKA_BROKERS to a Kafka of your own';

/** The `java` to run Kafka with: that of JAVA_HOME, else the one on the PATH. */
export function requireJava(env = process.env): string {
  const java = env['JAVA_HOME'] ? path.join(env['JAVA_HOME'], 'bin/java') : 'java';
  const { stderr, error } = spawnSync(java, ['-version'], { encoding: 'utf8', env });
  const howTo = `install it (Debian: apt install openjdk-17-jre-headless; macOS: brew install openjdk@17) ${ALTERNATIVE}`;
  if (error) throw new MissingPrerequisite(`Java ${OLDEST_JAVA} or newer is missing (no ${java}): ${howTo}`);
  const version = Number(/version "(?:1\.)?(\d+)/.exec(stderr)?.[1] ?? 0);
  if (version < OLDEST_JAVA) {
    throw new MissingPrerequisite(
      `Java ${OLDEST_JAVA} or newer is needed, ${java} is ${version || 'unknown'}: ${howTo}`,
    );
  }
  return java;
}

/**
 * Looks for all that the embedded engines need of the machine, and starts nothing.
 *
 * @throws MissingPrerequisite naming what is missing and how to get it
 */
export function requirePrerequisites(env = process.env, jars = jarsDir()): void {
  requireJava(env);
  if (!fs.existsSync(jars) && spawnSync('mvn', ['-v'], { stdio: 'ignore', env }).error) throw noMaven();
}

function jarsDir(): string {
  const stamp = createHash('sha256').update(fs.readFileSync(pomFile())).digest('hex').slice(0, 12);
  return path.join(cacheDir(), `kafka-libs-${stamp}`);
}

const pomFile = (): string => path.join(repoRoot(), 'deploy/kafka/pom.xml');

const noMaven = (): MissingPrerequisite =>
  new MissingPrerequisite(
    `Maven is missing: install it (Debian: apt install maven; macOS: brew install maven) ${ALTERNATIVE}`,
  );

/** The folder with Kafka's jars; fetched by Maven when `deploy/kafka/pom.xml` has changed since the last time. */
export async function kafkaJars(): Promise<string> {
  const dir = jarsDir();
  if (fs.existsSync(dir)) return dir;
  const fetched = `${dir}.${process.pid}`;
  await copyDependencies(pomFile(), fetched);
  // Two that fetch at once end with the same folder: the first one's.
  try {
    fs.renameSync(fetched, dir);
  } catch (error) {
    if (!fs.existsSync(dir)) throw error;
    fs.rmSync(fetched, { recursive: true });
  }
  return dir;
}

async function copyDependencies(pom: string, into: string): Promise<void> {
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${into}`];
  try {
    await promisify(execFile)('mvn', ['-q', '-B', '-f', pom, ...goal], { maxBuffer: 1 << 24 });
  } catch (error) {
    const { code, stdout } = error as { code?: string | number; stdout?: string };
    if (code === 'ENOENT') throw noMaven();
    const cause = stdout?.split('\n').find((line) => line.includes('ERROR')) ?? String(error);
    throw new MissingPrerequisite(
      `Maven could not fetch Apache Kafka (${cause.trim()}): check the network ${ALTERNATIVE}`,
    );
  }
}

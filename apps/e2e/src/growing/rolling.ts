import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { TOPICS, topicName } from '@countersign/contracts';
import { CORE_SERVICES, formatKafka, startSystem, type System } from '@countersign/embedded';
import { releaseUntried, until } from '@countersign/testing';
import { recordFlaws } from '../bench/checks.js';
import { keysOfIntents } from '../bench/ledger.js';
import { LoadDriver } from '../bench/load.js';
import { governed } from '../bench/systems/countersign.js';
import type { Finding } from '../finding.js';
import { replyFlaws } from './replies.js';
import { SteadyLoad, told } from './steady-load.js';

const BROKERS = ['kafka-1', 'kafka-2', 'kafka-3'];
const CALM_MS = 20_000;
const REPLIES_WITHIN_MS = 60_000;
/** The gateway shows what a version has loaded. What policy decides on by another version waits for an executor of it: those go next. */
const IN_TURN = ['gateway', 'policy', 'executor', 'planner', 'approval', 'audit'];
type Say = (text: string) => void;

/**
 * Three brokers and two of each service under a steady load of governed refunds. Every service is restarted, one instance after the other; then every
 * broker; then one broker is killed and replaced by one with an empty disk. Every intent has one reply, every action one effect, audit holds all.
 *
 * With `from`, a built checkout of another version, services begin as that one, on what this version's migrator made, and are of this version once they were
 * restarted: old and new run side by side meanwhile.
 *
 * @param perSecond intents a second, sent on an open loop
 */
export async function rolling({ perSecond, from }: { perSecond: number; from?: string }, say: Say): Promise<Finding> {
  const instances = Object.fromEntries(CORE_SERVICES.map((service) => [service, 2]));
  const servicesFrom = from && path.resolve(from);
  const system = await startSystem({
    ...{ releases: false, brokers: BROKERS.length, instances },
    ...(servicesFrom && { servicesFrom }),
  });
  try {
    await releaseUntried(system);
    const driver = await LoadDriver.connect(system.urls.kafka);
    const published: string[] = [];
    const pipeline = await governed(system, Date.now().toString(36), published);
    await driver.throughput(pipeline, 200, 120_000);
    const load = await SteadyLoad.start(driver, pipeline, perSecond);
    say(`${perSecond} intents a second; three brokers, two of each service`);
    await restarted(system, driver, load, say);
    const unheard = await load.stop(REPLIES_WITHIN_MS);
    say('counting replies, effects, signatures and audit rows');
    const flaws = [
      ...(unheard.length ? [`${unheard.length} replies were not heard in ${REPLIES_WITHIN_MS / 1000} s`] : []),
      ...(await replyFlaws(system, published)),
      ...(await recordFlaws(system, driver, keysOfIntents(published))).flaws,
    ];
    await driver.close();
    const phases = Object.fromEntries(load.phases.map((phase) => [phase.name, told(phase)]));
    return { figures: { ...phases, intents: published.length, 'lost or doubled': flaws.length }, flaws };
  } finally {
    await system.stop();
  }
}

async function restarted(system: System, driver: LoadDriver, load: SteadyLoad, say: Say): Promise<void> {
  const phases: Record<string, () => Promise<unknown>> = {
    calm: () => delay(CALM_MS),
    'services restarted': async () => {
      for (const service of IN_TURN)
        for (const number of [1, 2]) {
          await restart(system, `${service}-${number}`, say);
          // Of another version it may have other workflows: they are released before anybody decides by them, and those before still count.
          if (service === 'gateway') await releaseUntried(system);
        }
    },
    'brokers restarted': async () => {
      for (const broker of BROKERS) {
        await restart(system, broker, say);
        await inSync(system, driver);
      }
    },
    'a broker replaced': async () => {
      await replaced(system, 'kafka-2', say);
      await inSync(system, driver);
    },
    'calm again': () => delay(CALM_MS),
  };
  for (const [name, run] of Object.entries(phases)) {
    say(name);
    await load.during(name, run);
  }
}

async function restart(system: System, instance: string, say: Say): Promise<void> {
  const began = performance.now();
  await system.hold(instance, 'TERM');
  const ended = performance.now();
  await system.release(instance);
  say(`${instance} ended in ${inSeconds(ended - began)} and was ready ${inSeconds(performance.now() - ended)} later`);
}

const inSeconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** Killed, and its disk with it. */
async function replaced(system: System, broker: string, say: Say): Promise<void> {
  const home = path.join(system.dataDir, 'kafka', broker);
  await system.hold(broker, 'KILL');
  fs.rmSync(path.join(home, 'log'), { recursive: true });
  await delay(5_000);
  say(`${broker} was killed and its disk emptied; it comes back`);
  await formatKafka(home, fs.readFileSync(path.join(system.dataDir, 'kafka', 'cluster-id'), 'utf8'));
  await system.release(broker);
}

/** Until every partition is on every broker again: before that another one may not be taken down. */
async function inSync(system: System, driver: LoadDriver): Promise<void> {
  const names = TOPICS.map((topic) => topicName(topic, system.topicPrefix));
  const all = async () => {
    const { topics } = await driver.admin.fetchTopicMetadata({ topics: names });
    return topics.every(({ partitions }) => partitions.every(({ isr }) => isr.length === BROKERS.length));
  };
  await until(() => all().catch(() => false), { what: 'every partition in sync on every broker', timeoutMs: 120_000 });
}

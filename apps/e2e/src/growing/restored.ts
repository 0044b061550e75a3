import path from 'node:path';
import { CORE_SERVICES, startSystem, startThrowawayPostgres, type System } from '@countersign/embedded';
import { devToken } from '@countersign/embedded/places';
import { Helpdesk, Person } from '@countersign/demo';
import { topicName } from '@countersign/contracts';
import { releaseUntried } from '@countersign/testing';
import { auditLag, recordFlaws } from '../bench/checks.js';
import { keysOfIntents } from '../bench/ledger.js';
import { LoadDriver } from '../bench/load.js';
import { governed } from '../bench/systems/countersign.js';
import type { Finding } from '../finding.js';
import { baseBackup, putBack } from './base-backup.js';
import { rebuiltFlaws } from './rebuilt.js';
import { replyFlaws } from './replies.js';

type Say = (text: string) => void;

/**
 * PostgreSQL is lost, and put back from a base backup that was taken under load and is older than what was done since. Kafka and the system of
 * record are as they were. Every intent has its one reply, every action its one effect, before, between and after; audit holds every record again
 * and proves it, under a new origin: what it had signed since the backup it does not sign twice. Everything is killed before services start and armed again once they
 * have caught up: a warrant of before the switch is worth nothing after it, so nothing that was done is asked for again, which at a target that keeps no
 * keys would be a second effect. Last, the gateway's read models are rebuilt from the topics.
 *
 * @param actions in each of four bursts: before the backup, during it, after it, and after the restore
 */
export async function restored(actions: number, say: Say): Promise<Finding> {
  // The system of record is not put back: it stands outside.
  const target = await startThrowawayPostgres();
  const instanceEnv = (service: string): Record<string, string> =>
    service === 'helpdesk' ? { DATABASE_URL: target.postgres.url } : {};
  try {
    const system = await startSystem({ releases: false, instanceEnv });
    try {
      return await lostAndPutBack(system, actions, say);
    } finally {
      await system.stop();
    }
  } finally {
    await target.stop();
  }
}

async function lostAndPutBack(system: System, actions: number, say: Say): Promise<Finding> {
  await releaseUntried(system);
  const driver = await LoadDriver.connect(system.urls.kafka);
  const published: string[] = [];
  const pipeline = await governed(system, Date.now().toString(36), published);
  const burst = () => driver.throughput(pipeline, actions, 240_000);
  const data = path.join(system.dataDir, 'postgres', 'data');
  const backup = path.join(system.dataDir, 'base-backup');
  await burst();
  say('a base backup under load');
  await Promise.all([burst(), baseBackup(system.urls.postgres, data, backup)]);
  await burst();
  const helpdesk = new Helpdesk(system.urls.helpdesk);
  const writes = async () => (await helpdesk.accessLog()).filter(({ method }) => method !== 'GET');
  const asked = async () => (await writes()).flatMap(({ idempotencyKey }) => idempotencyKey ?? []);
  const before = { asked: (await asked()).length };
  const doneBefore = new Set((await helpdesk.ledger()).map(({ idempotencyKey }) => idempotencyKey));
  say(`${doneBefore.size} effects; the database is lost`);
  const services = CORE_SERVICES.map((service) => `${service}-1`);
  await Promise.all(services.map((service) => system.hold(service)));
  await system.hold('postgres', 'KILL');
  await putBack(backup, data);
  await system.release('postgres');
  const began = performance.now();
  const killed = JSON.stringify({ killed: true, reason: 'the database is put back', by: 'restored' });
  const control = topicName('control', system.topicPrefix);
  await driver.producer.send({ topic: control, messages: [{ key: 'kill/*', value: killed }] });
  const origin = { env: { AUDIT_ORIGIN: 'restored' } };
  await Promise.all(services.map((service) => system.release(service, service === 'audit-1' ? origin : {})));
  const readyAfter = performance.now() - began;
  await auditLag(driver, system.topicPrefix, system.urls.postgres);
  await armed(system);
  say(
    `every service was ready ${inSeconds(readyAfter)} after the backup was, and all armed again after ${inSeconds(performance.now() - began)}`,
  );
  await burst();
  const records = await recordFlaws(system, driver, keysOfIntents(published));
  const flaws = [
    ...(await replyFlaws(system, published)),
    ...records.flaws,
    ...(await verified(system)),
    ...(await rebuiltFlaws(system, published)),
  ];
  await driver.close();
  const again = (await asked()).slice(before.asked).filter((key) => doneBefore.has(key)).length;
  if (again > 0) flaws.push(`${again} requests were sent to the target again`);
  const figures = {
    intents: published.length,
    'effects before the loss': doneBefore.size,
    'asked of the target again': again,
    'audit rows': records.rows,
  };
  return { figures, flaws };
}

const inSeconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

async function armed({ urls }: System): Promise<void> {
  const sam = new Person('sam', urls.gateway, await devToken(urls.identity, 'sam'));
  const { status, body } = await sam.call('PUT', `/v1/control/kill/${encodeURIComponent('*')}`, {
    killed: false,
    reason: 'put back',
  });
  if (status !== 200) throw new Error(`arming again was answered ${status} ${JSON.stringify(body)}`);
}

/** As an auditor asks, to the end of what is signed. */
async function verified({ urls }: System): Promise<string[]> {
  const authorization = `Bearer ${await devToken(urls.identity, 'audra')}`;
  for (let from: number | null = 0; from !== null;) {
    const response = await fetch(`${urls.gateway}/v1/audit/verify?from=${from}`, { headers: { authorization } });
    const text = await response.text();
    const body = (response.ok ? JSON.parse(text) : {}) as { ok?: boolean; next?: number | null };
    if (body.ok !== true) return [`audit verify answered ${response.status} ${text.slice(0, 1_000)}`];
    from = body.next ?? null;
  }
  return [];
}

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import pg from 'pg';
import { kafkaGroupsOf, topicName, topicsReadBy } from '@countersign/contracts';
import { kafkaUserOf } from './kafka-users.js';
import { setScramPasswords } from './scram.js';
import { CORE_SERVICES } from './service-catalog.js';
import { startSystem } from './system.js';
import type { System } from './system-options.js';

/** `npm start -- --secure` as far as its services: what each of them needs it has, and what a new password does. */
describe('a system whose broker lets in whom it knows', () => {
  let system: System;
  beforeAll(async () => {
    const services = [...CORE_SERVICES, 'identity' as const];
    system = await startSystem({ secure: true, services, releases: false, stages: false, fsync: false });
  });
  afterAll(() => system?.stop());

  const readyOf = async (service: 'planner'): Promise<{ ready?: boolean; because?: string[] }> => {
    const answer = await fetch(`http://127.0.0.1:${system.env(service)['PORT']}/readyz`).catch(() => undefined);
    return answer ? ((await answer.json()) as { ready: boolean; because: string[] }) : {};
  };
  /** What keeps it from being ready, once that is a refusal. */
  const refusalOf = async (service: 'planner'): Promise<string> => {
    for (const deadline = performance.now() + 30_000; performance.now() < deadline; await delay(50)) {
      const refused = (await readyOf(service)).because?.find((reason) => reason.startsWith('UNAUTHENTICATED'));
      if (refused) return refused;
    }
    throw new Error(`No refusal: ${JSON.stringify(await readyOf(service))}`);
  };
  const inLog = (text: string) => fs.readFileSync(system.logFile('planner-1'), 'utf8').includes(text);
  const comesToLog = async (text: string): Promise<boolean> => {
    for (const deadline = performance.now() + 20_000; !inLog(text) && performance.now() < deadline;) await delay(50);
    return inLog(text);
  };

  it.each(CORE_SERVICES)('%s reads in its own groups all that it may, and nothing else', async (service) => {
    const client = new kafkajs.Kafka({ ...system.kafkaAs(service), logLevel: kafkajs.logLevel.NOTHING });
    const admin = client.admin();
    await admin.connect();
    const listed = await admin.listGroups();
    const { groups } = await admin.describeGroups(listed.groups.map(({ groupId }) => groupId));
    await admin.disconnect();
    expect(groups.filter(({ groupId }) => !groupId.startsWith(kafkaGroupsOf(service)))).toEqual([]);
    const decode = (member: { memberMetadata: Buffer }) =>
      kafkajs.AssignerProtocol.MemberMetadata.decode(member.memberMetadata)?.topics ?? [];
    const read = new Set(groups.flatMap(({ members }) => members.flatMap(decode)));
    expect([...read].sort()).toEqual(
      topicsReadBy(service)
        .map((topic) => topicName(topic))
        .sort(),
    );
  });

  it('tells its services where their passwords are, and no password', () => {
    const passwords = fs
      .readdirSync(system.kafkaUsers!)
      .map((name) => fs.readFileSync(path.join(system.kafkaUsers!, name), 'utf8'));
    const told = CORE_SERVICES.flatMap((service) => Object.values(system.env(service)));
    expect(passwords.length).toBe(12);
    expect(told.filter((value) => passwords.includes(value))).toEqual([]);
  });

  it('a service goes on with a new password of its user, and says what to do with the old one', async () => {
    const { username, passwordFile } = kafkaUserOf(system.kafkaUsers!, 'planner');
    const before = fs.readFileSync(passwordFile, 'utf8');
    await setScramPasswords(superuser(), [{ username, password: 'another-one-of-the-test' }]);
    // Who is logged in stays so.
    expect(await readyOf('planner')).toMatchObject({ ready: true });
    await system.hold('planner-1');
    const again = system.release('planner-1');
    expect(await refusalOf('planner')).toMatch(/brokers refuse.+KAFKA_SASL_PASSWORD_FILE.+start it again/);
    expect(await comesToLog('KAFKA_SASL_PASSWORD_FILE')).toBe(true);
    await system.hold('planner-1');
    await again;
    fs.writeFileSync(passwordFile, 'another-one-of-the-test');
    await system.release('planner-1');
    expect(await readyOf('planner')).toMatchObject({ ready: true });
    expect([before, 'another-one-of-the-test'].filter((password) => inLog(password))).toEqual([]);
  });

  it('and so with a new password of its role in the database', async () => {
    const url = new URL(system.env('planner')['DATABASE_URL']!);
    const client = new pg.Client({ connectionString: system.urls.postgres });
    await client.connect();
    await client.query(`ALTER ROLE "${url.username}" PASSWORD 'another-one-of-the-test'`);
    await client.end();
    await system.hold('planner-1');
    const again = system.release('planner-1');
    expect(await refusalOf('planner')).toMatch(/database refuses.+DATABASE_URL_FILE.+start it again/);
    expect(await comesToLog('DATABASE_URL_FILE')).toBe(true);
    await system.hold('planner-1');
    await again;
    url.password = 'another-one-of-the-test';
    await system.release('planner-1', { env: { DATABASE_URL: url.href } });
    expect(await readyOf('planner')).toMatchObject({ ready: true });
  });

  const superuser = () => {
    const properties = fs.readFileSync(path.join(system.dataDir, 'kafka/server.properties'), 'utf8');
    const port = Number(/INTERNAL:\/\/127\.0\.0\.1:(\d+)/.exec(properties)![1]);
    const { username, passwordFile } = kafkaUserOf(system.kafkaUsers!, 'admin');
    return { port, username, password: fs.readFileSync(passwordFile, 'utf8') };
  };
});

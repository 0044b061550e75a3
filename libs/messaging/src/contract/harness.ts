import { afterEach, beforeEach } from '@jest/globals';
import { startSubject, type Subject, type SubjectOptions } from './subject.js';
import { until } from './until.js';
import type { Seen, World } from './world.js';

export const range = (n: number, prefix = 'e') => Array.from({ length: n }, (_, i) => `${prefix}${i}`);

/** A fresh world for each test of the suite it is made in, and the processes a test starts in it. */
export function harness(openWorld: () => Promise<World>) {
  let world: World;
  let running: Subject[] = [];

  beforeEach(async () => {
    world = await openWorld();
  });

  afterEach(async () => {
    await Promise.all(running.map(({ messaging }) => messaging.stop()));
    running = [];
    await world.close();
  });

  const count = async (session = 's') =>
    ((await world.look()).states[`counter/${session}`] as { count: number } | undefined)?.count ?? 0;
  const seen = (what: string, check: (seen: Seen) => boolean) =>
    until(what, async () => {
      const look = await world.look();
      return check(look) && look;
    });
  return {
    world: () => world,
    start: async (instance = 'a', options: SubjectOptions = {}) => {
      const subject = await startSubject(world, instance, options);
      running.push(subject);
      return subject;
    },
    stop: async (subject: Subject) => {
      running = running.filter((one) => one !== subject);
      await subject.messaging.stop();
    },
    kill: async (subject: Subject) => {
      running = running.filter((one) => one !== subject);
      await world.sever(subject.broker, subject.store);
      void subject.messaging.stop();
    },
    count,
    seen,
    publishedIds: async () => [...new Set(await world.published())].sort(),
    counted: (to: number) => until(`the counter at ${to}`, async () => (await count()) >= to),
    settled: () => seen('an empty outbox', ({ outbox }) => outbox === 0),
  };
}

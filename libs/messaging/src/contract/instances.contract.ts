import { describe, expect, it, jest } from '@jest/globals';
import type { Subscription } from '../processor.js';
import { harness, range } from './harness.js';
import { intent, subjectConsumer, type SubjectOptions } from './subject.js';
import { until } from './until.js';
import type { World } from './world.js';

/** What each instance of a service knows of the log and of its peers, on any pair of engines. */
export function instancesContract(engines: string, openWorld: () => Promise<World>): void {
  jest.setTimeout(60_000);
  describe(`instances on ${engines}`, () => {
    const { world: here, start, stop, kill, counted, seen } = harness(openWorld);
    const everywhere: SubjectOptions = { subscriptions: [{ ...subjectConsumer, everyInstance: true } as Subscription] };
    const idsOf = ({ batches }: Awaited<ReturnType<typeof start>>) =>
      batches.flatMap(({ records }) => records.map(({ headers }) => String(headers['ce_id'])));

    it('has caught up with empty topics at once, and with others once all that stood there is handled', async () => {
      const first = await start('a', everywhere);
      expect(first.messaging.caughtUp('subject')).toBe(false);
      await until('nothing to catch up with', () => first.messaging.caughtUp('subject'));
      await here().produce(range(30).map((id) => intent(id, 'once')));
      await seen('all handled', ({ states }) => range(30).every((id) => `seen/${id}` in states));
      const gate = Promise.withResolvers<void>();
      const late = await start('b', {
        ...everywhere,
        deliver: (batch, messaging) => gate.promise.then(() => messaging.handle(batch)),
      });
      await until('B holds a batch', () => late.batches.length > 0);
      expect(late.messaging.caughtUp('subject')).toBe(false);
      expect(await late.messaging.health()).toMatchObject({
        ready: false,
        because: ['subject has not read all that stands on its topics'],
      });
      gate.resolve();
      await until('B has caught up', () => late.messaging.caughtUp('subject'));
      expect(idsOf(late)).toEqual(expect.arrayContaining(range(30)));
      expect(await late.messaging.health()).toMatchObject({ ready: true, because: [] });
      expect(() => late.messaging.caughtUp('another')).toThrow('no subscription "another"');
    });

    it('goes on where it was after a restart, and is behind again until it has read what came meanwhile', async () => {
      const first = await start('a', everywhere);
      await here().produce([intent('e0', 'once')]);
      await seen('it is handled', ({ states }) => 'seen/e0' in states);
      await stop(first);
      await here().produce([intent('e1', 'once')]);
      const gate = Promise.withResolvers<void>();
      const again = await start('a', {
        ...everywhere,
        deliver: (batch, messaging) => gate.promise.then(() => messaging.handle(batch)),
      });
      await until('it holds a batch', () => again.batches.length > 0);
      expect(again.messaging.caughtUp('subject')).toBe(false);
      gate.resolve();
      await until('it has caught up', () => again.messaging.caughtUp('subject'));
      expect(idsOf(again)).toEqual(['e1']);
      await here().produce([intent('e2', 'once')]);
      expect(again.messaging.caughtUp('subject')).toBe(true);
    });

    it('4: one that was off for longer than the log keeps begins as a new one, where each reads for itself', async () => {
      const first = await start('a', everywhere);
      await here().produce([intent('e0', 'count')]);
      await counted(1);
      await stop(first);
      await here().produce([intent('e1', 'count')]);
      await here().truncate();
      const again = await start('a', everywhere);
      await until('it has caught up', () => again.messaging.caughtUp('subject') || again.fatal.length);
      await here().produce([intent('e2', 'count')]);
      await counted(2);
      expect(again.fatal).toEqual([]);
    });

    it('begins with the last record that stands there, each time, where only the last counts', async () => {
      const last: SubjectOptions = { subscriptions: [{ ...subjectConsumer, everyInstance: 'last' } as Subscription] };
      await here().produce(range(30).map((id) => intent(id, 'once', 's')));
      const first = await start('a', last);
      await until('it has caught up', () => first.messaging.caughtUp('subject'));
      expect(idsOf(first)).toEqual(['e29']);
      await stop(first);
      const again = await start('a', last);
      await until('it has caught up again', () => again.messaging.caughtUp('subject'));
      expect(idsOf(again)).toEqual(expect.arrayContaining(['e29']));
      await here().produce([intent('e30', 'once', 's')]);
      await seen('the next', ({ states }) => 'seen/e30' in states);
    });

    it('counts the instances that live, once each', async () => {
      const a = await start('a');
      const long = 'b'.repeat(90);
      const others = [await start(`${long}1`), await start(`${long}2`)];
      await until('three', async () => (await a.messaging.peers()) === 3);
      await a.messaging.health();
      expect(await a.messaging.peers()).toBe(3);
      await kill(others[0]!);
      await until('two', async () => (await a.messaging.peers()) === 2);
    });
  });
}

import { describe, expect, it, jest } from '@jest/globals';
import { GapError } from '../errors.js';
import type { Batch } from '../ports.js';
import { harness, range } from './harness.js';
import { Life, mortal, unconditional } from './mortal.js';
import { intent, type SubjectOptions } from './subject.js';
import { until } from './until.js';
import type { Ingester } from '../stream.js';
import type { World } from './world.js';

/** What a process does in the test of crashes, one after the other or side by side: it dies at each of these at least. */
const STEPS = [
  'advance',
  'load',
  'save',
  'addWork',
  'addOutbox',
  'park',
  'commit',
  'after commit',
  'before publish',
  'after publish',
  'before forget',
  'endWork',
  'before markSent',
  'after markSent',
];

/** What `libs/messaging` promises (the numbers are those at the top of processor.ts), on any pair of engines. */
export function messagingContract(engines: string, openWorld: () => Promise<World>): void {
  jest.setTimeout(60_000);
  describe(`messaging on ${engines}`, () => {
    const { world: here, start, stop, kill, count, seen, publishedIds, counted, settled } = harness(openWorld);

    it('1: applies a batch whole, in order, and publishes what it emitted', async () => {
      await here().produce(range(50).map((id) => intent(id, 'count')));
      await start();
      await counted(50);
      await settled();
      expect(await publishedIds()).toEqual(
        range(50)
          .map((id, i) => `${id}#${i + 1}`)
          .sort(),
      );
    });

    it('8: records with 2 MB of headers do not stop what is published after them', async () => {
      const heavy = range(3).map((id) => {
        const written = intent(`heavy${id}`, 'count');
        return { ...written, headers: { ...written.headers, traceparent: `00-${'a'.repeat(2_000_000)}` } };
      });
      // Each fits what the topic takes, two together do not.
      for (const one of heavy) await here().produce([one]);
      await start();
      await here().produce([intent('after', 'count')]);
      await counted(4);
      await settled();
      expect(await publishedIds()).toHaveLength(4);
    });

    it('2, 3: the same event on two offsets takes effect once where its row says so', async () => {
      await start();
      await here().produce([
        intent('x', 'once'),
        intent('x', 'once'),
        intent('x', 'once', 'other-session'),
        intent('e', 'count'),
      ]);
      await counted(1);
      await seen('both sessions handled', ({ states }) => 'seen/x' in states);
      await settled();
      expect(await publishedIds()).toEqual(['e#1', 'once/x']);
    });

    it('3: a replay from offset 0 changes nothing', async () => {
      const first = await start();
      await here().produce([...range(20).map((id) => intent(id, 'once')), intent('w', 'work')]);
      await seen(
        'all handled',
        ({ states, work }) =>
          range(20).every((id) => `seen/${id}` in states) && work.every(({ ended }) => ended) && work.length === 1,
      );
      await settled();
      await first.messaging.stop();
      const before = { ...(await here().look()), published: await publishedIds() };
      await here().rewind();
      await start('b');
      await here().produce([intent('last', 'count')]);
      await counted(1);
      await settled();
      const { states, work } = await here().look();
      expect({ ...states, 'counter/s': undefined }).toEqual({ ...before.states, 'counter/s': undefined });
      expect(work).toEqual(before.work);
      expect(await publishedIds()).toEqual([...before.published, 'last#1'].sort());
    });

    it('2: a batch handed over again is dropped', async () => {
      const { batches, messaging } = await start();
      await here().produce(range(10).map((id) => intent(id, 'count')));
      await counted(10);
      for (const batch of [...batches]) await messaging.handle({ ...batch, isStale: () => false });
      expect(await count()).toBe(10);
    });

    /** A holds a batch; its partitions go to B, which handles it; then A goes on with what it holds. */
    const zombie = async (options: SubjectOptions) => {
      let release = () => {};
      const held = new Promise<void>((resolve) => (release = resolve));
      const caught: Batch[] = [];
      const a = await start('a', {
        ...options,
        deliver: async (batch, messaging) => {
          if (!caught.length) {
            caught.push(batch);
            await held;
            await messaging.handle({ ...batch, isStale: () => false });
            return;
          }
          await messaging.handle(batch);
        },
      });
      await until('A has joined', async () => (await a.messaging.health()).ready);
      await here().produce(range(5).map((id) => intent(id, 'count')));
      await until('A holds a batch', () => caught.length > 0);
      await here().evict(a.broker);
      await start('b');
      await counted(5);
      release();
      await here().produce([intent('after', 'count')]);
      return a;
    };

    it('2: a zombie owner with a stale batch changes nothing and goes on from the stored position', async () => {
      const a = await zombie({});
      await counted(6);
      await settled();
      expect(await count()).toBe(6);
      expect((await publishedIds()).length).toBe(6);
      expect(a.fatal).toEqual([]);
    });

    it('2: without the condition on the offset the same zombie counts twice', async () => {
      await zombie({ wrap: ({ broker, store }) => ({ broker, store: unconditional(store) }) });
      await counted(11);
    });

    it('1, 8: a crash between any two steps loses nothing and repeats nothing', async () => {
      let expected = 0;
      let run = 0;
      const steps: string[] = [];
      /** Where it died, or undefined if all was done before it came to that step. */
      const dies = async (at: number | string): Promise<string | undefined> => {
        const life = new Life(at);
        const subject = await start('a', { wrap: (ports) => mortal(ports, life) });
        const ids = range(3, `d${++run}-`);
        await here().produce([
          intent(ids[0]!, 'count'),
          intent(ids[1]!, 'work target'),
          { ...intent('p', 'x'), value: Buffer.from('{') },
          intent(ids[2]!, 'count'),
        ]);
        expected += 2;
        const done = async () => {
          const { work, outbox } = await here().look();
          return (
            (await count()) === expected &&
            outbox === 0 &&
            work.some(({ id, ended }) => id === `work/${ids[1]}` && ended) &&
            work.every(({ ended }) => ended)
          );
        };
        const died = await until(
          'its end, or all done',
          async () => (life.dead && 'dead') || ((await done()) && 'alive'),
        );
        await kill(subject);
        if (died === 'alive') return undefined;
        steps.push(life.diedAt!);
        const successor = await start('a');
        await until(`recovery from a death at ${life.diedAt}`, done);
        await stop(successor);
        return life.diedAt;
      };
      for (let dieAt = 1; await dies(dieAt); dieAt++);
      // What runs side by side takes its steps in another order each time: a count may pass over one.
      for (const step of STEPS) if (!steps.includes(step)) expect(await dies(step)).toBe(step);
      expect(await count()).toBe(expected);
      const { work, late, parked } = await here().look();
      expect(work.every(({ status }) => status === 'COMMITTED')).toBe(true);
      expect(late).toEqual([]);
      expect(parked.length).toBe(run);
      const numbers = (await publishedIds()).flatMap((id) => id.split('#')[1] ?? []);
      expect(numbers.map(Number).sort((x, y) => x - y)).toEqual(range(expected).map((_, i) => i + 1));
    }, 180_000);

    it('6: poison in the middle is parked with its reason; its neighbours are handled', async () => {
      await start();
      const bytes = (value: string | Buffer) => ({ ...intent('p', 'x'), value: Buffer.from(value) });
      await here().produce([
        intent('e0', 'count'),
        bytes('{'),
        bytes(Buffer.from([0xff, 0xfe])),
        bytes('{"workflow":"w","workflow":"w","session":"s","text":"t"}'),
        bytes('{"workflow":"w"}'),
        { ...intent('p', 'x'), headers: { ...intent('p', 'x').headers, ce_type: 'countersign.unheard.of.v9' } },
        intent('e1', 'fail'),
        intent('e2', 'trespass'),
        intent('e3', 'huge'),
        intent('e4', 'nul'),
        intent('e6', 'nulkey'),
        intent('e5', 'count'),
      ]);
      await counted(2);
      expect((await here().look()).states['seen/e4']).toEqual({ text: '\ufffd' });
      const reasons = (await here().look()).parked.map(({ reason }) => reason).sort();
      expect(reasons).toEqual([
        'DUPLICATE_KEY',
        ...Array<string>(4).fill('HANDLER_FAILED'),
        'INVALID_DATA',
        'NOT_JSON',
        'NOT_UTF8',
        'UNKNOWN_TYPE',
      ]);
    });

    it('6: an ingester gets poison whole, and it is listed as parked; there is nothing to redrive', async () => {
      const ingested: string[] = [];
      const ingest: Ingester['ingest'] = async (_tx, reads) =>
        void ingested.push(...reads.map(({ record, poison }) => `${poison?.reason ?? 'read'} ${record.value?.length}`));
      const { messaging } = await start('a', {
        subscriptions: [{ name: 'keeper', topics: ['intents'], ingest }],
      });
      await here().produce([intent('e0', 'count'), { ...intent('p', 'x'), value: Buffer.from('{') }]);
      const { parked } = await seen('the parked record', ({ parked }) => parked.length > 0);
      expect(parked).toMatchObject([{ reason: 'NOT_JSON', redriven: false }]);
      expect(ingested).toContain('NOT_JSON 1');
      expect(await messaging.parked.redrive(parked[0]!.id)).toMatchObject({
        redriven: false,
        because: expect.stringContaining('kept as it came'),
      });
      expect((await here().look()).parked).toMatchObject([{ redriven: false }]);
    });

    it('6: what a consumer ignores it neither reads nor parks', async () => {
      await start();
      const ignored = { ...intent('i', 'x'), value: Buffer.from('{') };
      await here().produce([
        { ...ignored, headers: { ...ignored.headers, ce_type: 'countersign.action.requested.v1' } },
        intent('e0', 'count'),
      ]);
      await counted(1);
      expect((await here().look()).parked).toEqual([]);
    });

    it('10: only a batch that emits nothing is committed without waiting for the disk', async () => {
      const commits: { emits: boolean; mayBeLost: boolean }[] = [];
      const { messaging } = await start('a', {
        wrap: ({ broker, store }) => {
          const transact = store.transact.bind(store);
          store.transact = (run) =>
            transact((tx, close) => {
              let emits = false;
              const addOutbox = tx.addOutbox.bind(tx);
              tx.addOutbox = (row) => ((emits = true), addOutbox(row));
              return run(tx, (last, options) => {
                commits.push({ emits, ...options });
                close(last, options);
              });
            });
          return { broker, store };
        },
      });
      await here().produce([intent('p', 'point here')]);
      await seen('a state', ({ states }) => 'pointer/s' in states);
      await here().produce([intent('e0', 'count')]);
      await counted(1);
      await messaging.execute({ touches: [], decide: () => ({ effects: [], result: undefined }) });
      expect(commits).toEqual([
        { emits: false, mayBeLost: true },
        { emits: true, mayBeLost: false },
        { emits: false, mayBeLost: false },
      ]);
    });

    it('6: a handler that failed is redriven once it can be, and takes effect once', async () => {
      const first = await start();
      await here().produce([{ ...intent('p', 'x'), value: Buffer.from('{"later":true}') }]);
      const { id } = (await seen('the parked record', ({ parked }) => parked.length === 1)).parked[0]!;
      expect(await first.messaging.parked.redrive(id)).toMatchObject({
        redriven: false,
        because: expect.stringContaining('INVALID_DATA'),
      });
      await first.messaging.stop();
      const newer = { ...intent('p', 'count') };
      const second = await start('b', {
        decode: (record) => ({
          record,
          key: '',
          text: '',
          headers: {},
          signature: undefined,
          event: {
            id: 'p',
            session: 's',
            type: newer.headers.ce_type,
            data: JSON.parse(newer.value.toString()),
          } as never,
        }),
      });
      const answers = await Promise.all([second.messaging.parked.redrive(id), second.messaging.parked.redrive(id)]);
      expect(answers.filter((answer) => answer?.redriven)).toHaveLength(1);
      expect(await second.messaging.parked.redrive(id)).toMatchObject({ redriven: false });
      expect(await second.messaging.parked.redrive('par_unknown')).toBeUndefined();
      expect(await count()).toBe(1);
      await settled();
      expect(await publishedIds()).toEqual(['p#1']);
    });

    it('5: a rebalance under load: two instances, each record once', async () => {
      const sessions = range(6, 'session');
      const all = (from: number, to: number) =>
        range(to)
          .slice(from)
          .flatMap((id) => sessions.map((session) => intent(`${id}-${session}`, 'count', session)));
      const total = async () => (await Promise.all(sessions.map(count))).reduce((sum, one) => sum + one, 0);
      const a = await start('a');
      await here().produce(all(0, 20));
      await start('b');
      await here().produce(all(20, 40));
      await until('half of them', async () => (await total()) >= 120);
      await stop(a);
      await here().produce(all(40, 50));
      await until('all of them', async () => (await total()) >= 300);
      await settled();
      expect(await total()).toBe(300);
      expect((await publishedIds()).length).toBe(300);
    });

    it('4: records removed unread stop the service', async () => {
      const first = await start();
      await here().produce([intent('e0', 'count')]);
      await counted(1);
      await first.messaging.stop();
      await here().produce(range(5).map((id) => intent(id, 'count')));
      await here().truncate();
      const second = await start('b');
      await until('its end', () => second.fatal.length > 0);
      expect(second.fatal[0]).toBeInstanceOf(GapError);
      expect(await count()).toBe(1);
    });

    it('4: records removed while it reads stop the service', async () => {
      let release = () => {};
      const held = new Promise<void>((resolve) => (release = resolve));
      const again = async (batch: Batch) => {
        await held;
        batch.seek(batch.records[0]!.offset);
      };
      const subject = await start('a', {
        deliver: (batch, messaging) => (subject.batches.length === 1 ? again(batch) : messaging.handle(batch)),
      });
      await until('A has joined', async () => (await subject.messaging.health()).ready);
      await here().produce(range(5).map((id) => intent(id, 'count')));
      await until('a batch', () => subject.batches.length > 0);
      await here().truncate();
      release();
      await here().produce([intent('later', 'count')]);
      await until('its end', () => subject.fatal.length > 0);
      expect(subject.fatal[0]).toBeInstanceOf(GapError);
      expect(await count()).toBe(0);
    });

    it('5: goes on from the stored position, and fetches nothing before it', async () => {
      const first = await start();
      await here().produce(range(10).map((id) => intent(id, 'count')));
      await counted(10);
      await first.messaging.stop();
      await here().produce([intent('next', 'count')]);
      const second = await start('b');
      await counted(11);
      expect(second.batches.flatMap(({ records }) => records).map(({ headers }) => String(headers['ce_id']))).toEqual([
        'next',
      ]);
    });

    it('4: a log that ends before the stored position stops the service', async () => {
      const first = await start();
      await here().produce([intent('e0', 'count')]);
      await counted(1);
      await first.messaging.stop();
      await here().truncate(); // nothing is delivered that could show it later
      await here().overshoot();
      const second = await start('b');
      await until('its end', () => second.fatal.length > 0);
      expect(second.fatal[0]).toBeInstanceOf(GapError);
    });

    it('8: another instance publishes what was left in the outbox', async () => {
      const life = new Life(Infinity);
      const dying = await start('a', {
        wrap: (ports) => {
          const wrapped = mortal(ports, life);
          return {
            store: wrapped.store,
            broker: new Proxy(wrapped.broker, {
              get: (target, name) =>
                name === 'publish' ? () => new Promise(() => {}) : (Reflect.get(target, name) as unknown),
            }),
          };
        },
      });
      await here().produce([intent('e0', 'count')]);
      await counted(1);
      await kill(dying);
      await here().age();
      await start('b');
      await settled();
      expect(await publishedIds()).toEqual(['e0#1']);
    });

    it('7: a store that fails for a while only delays', async () => {
      let failures = 3;
      await start('a', {
        wrap: ({ broker, store }) => ({
          broker,
          store: new Proxy(store, {
            get: (target, name) => {
              const member: unknown = Reflect.get(target, name, target);
              if (name === 'transact')
                return (run: never) =>
                  failures-- > 0
                    ? Promise.reject(Object.assign(new Error('away'), { code: '57P01' }))
                    : target.transact(run);
              return typeof member === 'function' ? (member.bind(target) as unknown) : member;
            },
          }),
        }),
      });
      await here().produce(range(5).map((id) => intent(id, 'count')));
      await counted(5);
      expect(failures).toBeLessThan(0);
      expect((await here().look()).parked).toEqual([]);
    });

    it('3: what an event leads to is loaded even if an event of the same batch made it', async () => {
      await here().produce([intent('e0', 'point here'), intent('e1', 'follow')]);
      await start();
      const { states, parked } = await seen('the followed row', ({ states }) => 'target/here' in states);
      expect(states['target/here']).toEqual({ by: 'e1' });
      expect(parked).toEqual([]);
    });

    it('a command is a transaction of its own, and commands at the same time do not lose each other', async () => {
      const { messaging } = await start();
      const add = (session: string) =>
        messaging.execute({
          touches: [`counter/${session}`],
          decide: (states) => {
            const next = (states.get<{ count: number }>(`counter/${session}`)?.count ?? 0) + 1;
            return { effects: [{ do: 'put', key: `counter/${session}`, state: { count: next } }], result: next };
          },
        });
      // Each begins on a row that is not there yet, which nothing can lock.
      for (const session of range(10, 'session')) {
        const results = await Promise.all(range(5).map(() => add(session)));
        expect(results.sort((x, y) => x - y)).toEqual([1, 2, 3, 4, 5]);
        expect(await count(session)).toBe(5);
      }
    });
  });
}

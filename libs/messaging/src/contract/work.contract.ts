import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { WorkRow } from '../stream.js';
import { harness, range } from './harness.js';
import { intent, plainPerform, subjectWorker, TRACEPARENT, type Perform } from './subject.js';
import { until } from './until.js';
import type { Seen, World } from './world.js';

/** Guarantee 9: what work rows promise, on any pair of engines. */
export function workContract(engines: string, openWorld: () => Promise<World>): void {
  jest.setTimeout(60_000);
  describe(`work on ${engines}`, () => {
    const { world: here, start, seen, counted, settled, publishedIds } = harness(openWorld);
    const attempts: WorkRow[] = [];
    beforeEach(() => void attempts.splice(0));

    it('9: is performed once, marked before, and ends with states and events', async () => {
      const during: Seen[] = [];
      const a = await start('a', {
        perform: async (rows, round) => {
          attempts.push(...(await round.markSent(rows)));
          during.push(await here().look());
          await Promise.all(
            attempts.map((row) => round.finish(row, { tag: 'done', status: 'COMMITTED', outcome: { ok: true } })),
          );
        },
      });
      await here().produce([intent('j', 'work'), intent('j', 'work')]);
      const { states } = await seen('its end', ({ work }) => work.some(({ ended }) => ended));
      expect(during[0]!.work).toMatchObject([{ id: 'work/j', status: 'SENT', fence: 2, ended: false }]);
      expect(states['job/j']).toEqual({ tag: 'done' });
      await settled();
      expect(await publishedIds()).toEqual(['done/j']);
      expect(attempts.map(({ traceparent }) => traceparent)).toEqual([TRACEPARENT]);
      await here().produce([intent('j', 'work'), intent('e', 'count')]);
      await counted(1);
      await a.messaging.idle();
      expect((await here().look()).work).toMatchObject([{ id: 'work/j', status: 'COMMITTED', fence: 2, attempts: 1 }]);
      expect(attempts).toHaveLength(1);
    });

    it('9: a late completion is written down and changes nothing, before the new owner ends it and after', async () => {
      const late: { row: WorkRow; finish: () => Promise<void> }[] = [];
      const hold: Perform = async (rows, round) => {
        for (const row of await round.markSent(rows)) {
          late.push({ row, finish: () => round.finish(row, { tag: 'done', status: 'FAILED', outcome: { ok: true } }) });
        }
        await new Promise<void>((resolve) => round.signal.addEventListener('abort', () => resolve(), { once: true }));
      };
      await start('a', { perform: hold });
      await here().produce([intent('j', 'work')]);
      await until('A has it', () => late.length === 1);
      // Its lease is over, as if A had been frozen.
      await here().age();
      let proceed = () => {};
      const gate = new Promise<void>((resolve) => (proceed = resolve));
      await start('b', {
        perform: async (rows, round) => {
          const ours = await round.markSent(rows);
          attempts.push(...ours);
          await gate;
          await plainPerform(ours, round);
        },
      });
      await until('B has it', () => attempts.length === 1);
      await late[0]!.finish();
      const between = await here().look();
      expect(between.work).toMatchObject([{ id: 'work/j', status: 'SENT', ended: false, fence: attempts[0]!.fence }]);
      expect(between.states['job/j']).toEqual({ tag: 'waiting' });
      proceed();
      await seen("B's end", ({ work }) => work.some(({ ended }) => ended));
      await late[0]!.finish();
      const after = await here().look();
      expect(after.work).toMatchObject([{ id: 'work/j', status: 'COMMITTED' }]);
      const { fence } = late[0]!.row;
      expect(after.late).toEqual([
        { workId: 'work/j', status: 'FAILED', fence },
        { workId: 'work/j', status: 'FAILED', fence },
      ]);
      await settled();
      expect(await publishedIds()).toEqual(['done/j']);
    });

    it('9: an end whose commit was not answered is our own, not a late one', async () => {
      let unanswered = 1;
      const { messaging } = await start('a', {
        wrap: ({ broker, store }) => {
          const transact = store.transact.bind(store);
          store.transact = async (run) => {
            let ends = false;
            const result = await transact((tx, close) => {
              const endWork = tx.endWork.bind(tx);
              tx.endWork = (ended) => ((ends = true), endWork(ended));
              return run(tx, close);
            });
            if (ends && unanswered-- > 0) throw Object.assign(new Error('the connection was lost'), { code: '08006' });
            return result;
          };
          return { broker, store };
        },
      });
      await here().produce([intent('j', 'work')]);
      await until('the second attempt', () => unanswered < 0);
      await messaging.idle();
      const { work, late, states } = await here().look();
      expect(work).toMatchObject([{ id: 'work/j', status: 'COMMITTED' }]);
      expect(late).toEqual([]);
      expect(states['job/j']).toEqual({ tag: 'done' });
    });

    it('9: an outcome that cannot be decided on goes back, and ends as its worker says when it does so too often', async () => {
      const perform: Perform = async (rows, round) => {
        const [row] = await round.markSent(rows);
        attempts.push(row!);
        const tried = { ...row!, attempts: attempts.length === 1 ? 1 : 5 };
        await round.finish(tried, { tag: 'done', status: 'COMMITTED', outcome: { ok: false } });
      };
      await start('a', { perform });
      await here().produce([intent('j', 'work')]);
      const { work, states } = await seen('its end', (now) => now.work.some(({ ended }) => ended));
      expect(attempts).toHaveLength(2);
      expect(work).toMatchObject([{ id: 'work/j', status: 'GIVEN_UP' }]);
      expect(states['job/j']).toEqual({ tag: 'done' });
      await settled();
      expect(await publishedIds()).toEqual(['done/j']);
    });

    it.each([['while another has it'], ['once another has ended it']])(
      '9: a former owner cannot mark %s, so it cannot send',
      async (when) => {
        const [mark, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
        const taken: WorkRow[][] = [];
        const a = await start('a', {
          perform: async (rows, round) => {
            taken.push(rows);
            await mark.promise;
            attempts.push(...(await round.markSent(rows)));
          },
        });
        await here().produce([intent('j', 'work')]);
        await until('A has it', () => taken.length > 0);
        await here().age();
        const b = await start('b', {
          perform: async (rows, round) => {
            taken.push(rows);
            await end.promise;
            for (const row of await round.markSent(rows))
              await round.finish(row, { tag: 'done', status: 'COMMITTED', outcome: { ok: true } });
          },
        });
        await until('B has it', () => taken.length > 1);
        const ended = () => seen("B's end", ({ work }) => work.some(({ ended }) => ended));
        if (when === 'once another has ended it') {
          end.resolve();
          await ended();
        }
        mark.resolve();
        await until('A is done', () => a.messaging.idle().then(() => true));
        expect(attempts).toEqual([]);
        end.resolve();
        await ended();
        expect(b.fatal).toEqual([]);
      },
    );

    it('7: what is put back is tried again, sent work as sent', async () => {
      await start('a', {
        perform: async (rows, round) => {
          attempts.push(...rows);
          for (const row of await round.markSent(rows)) {
            if (attempts.length === 1)
              await round.finish(row, { tag: 'retry', status: 'SENT', inMs: 0, because: 'no answer' });
            else await round.finish(row, { tag: 'done', status: 'COMMITTED', outcome: { ok: true } });
          }
        },
      });
      await here().produce([intent('j', 'work')]);
      await seen('its end', ({ work }) => work.some(({ ended }) => ended));
      expect(attempts.map(({ status, attempts: times }) => [status, times])).toEqual([
        ['QUEUED', 1],
        ['SENT', 2],
      ]);
    });

    it('7: a worker that throws, and an outcome that cannot be decided on, come again', async () => {
      await start('a', {
        perform: async (rows, round) => {
          attempts.push(...rows);
          if (attempts.length === 1) throw new Error('a bug');
          for (const row of rows)
            await round.finish(row, { tag: 'done', status: 'COMMITTED', outcome: { ok: attempts.length > 2 } });
        },
      });
      await here().produce([intent('j', 'work')]);
      await seen('its end', ({ work }) => work.some(({ ended }) => ended));
      expect(attempts).toHaveLength(3);
    });

    it('9: queued work is cancelled, sent work is not', async () => {
      const idle = await start('a', { workers: [] });
      await here().produce([intent('j', 'work'), intent('c1', 'cancel j')]);
      await seen('the cancellation', ({ work }) => work.some(({ status, ended }) => status === 'CANCELLED' && ended));
      await idle.messaging.stop();
      await start('b', {
        perform: async (rows, round) => {
          attempts.push(...(await round.markSent(rows)));
          await new Promise<void>((resolve) => round.signal.addEventListener('abort', () => resolve(), { once: true }));
        },
      });
      await here().produce([intent('k', 'work')]);
      await until('k is sent', () => attempts.length > 0);
      await here().produce([intent('c2', 'cancel k'), intent('e', 'count')]);
      await counted(1);
      expect((await here().look()).work).toMatchObject([
        { id: 'work/j', status: 'CANCELLED' },
        { id: 'work/k', status: 'SENT', ended: false },
      ]);
      expect(attempts.map(({ id }) => id)).toEqual(['work/k']);
    });

    /** How many rounds have begun when B's row is performed, which was written down after all of A's. */
    const roundsUntilB = async (queued: number, prepare: (perform: Perform) => Promise<() => void>) => {
      const rounds: string[][] = [];
      const release = await prepare(async (rows, round) => {
        rounds.push(rows.map(({ tenant }) => tenant));
        await plainPerform(rows, round as never);
      });
      release();
      await seen('all ended', ({ work }) => work.length === queued + 1 && work.every(({ ended }) => ended));
      return rounds.findIndex((tenants) => tenants.includes('B')) + 1;
    };
    const ofA = (count: number) => range(count).map((id) => intent(id, 'work target A'));
    const written = (count: number) => seen('all written down', ({ work }) => work.length === count);

    it("a tenant's row is performed in the next rounds, whatever another has queued in this process", async () => {
      const until = await roundsUntilB(400, async (perform) => {
        const gate = Promise.withResolvers<void>();
        let running = 0;
        await start('a', {
          // Two rounds run while the others queue up.
          perform: async (rows, round) =>
            ++running <= 2 ? gate.promise.then(() => plainPerform(rows, round)) : perform(rows, round),
        });
        await here().produce(ofA(400));
        await written(400);
        await here().produce([intent('b', 'work target B')]);
        await written(401);
        return gate.resolve;
      });
      expect(until).toBeLessThanOrEqual(2);
    });

    it("a tenant's row is claimed in the next rounds, whatever another has in the table", async () => {
      const until = await roundsUntilB(400, async (perform) => {
        const idle = await start('a', { workers: [] });
        await here().produce(ofA(400));
        await written(400);
        await here().produce([intent('b', 'work target B')]);
        await written(401);
        await idle.messaging.stop();
        await start('b', { perform });
        return () => {};
      });
      expect(until).toBeLessThanOrEqual(3);
    });

    it('is neither taken at once nor claimed while its worker may not begin, and costs no attempt', async () => {
      let may = false;
      const perform: Perform = async (rows, round) => {
        attempts.push(...rows);
        await plainPerform(rows, round);
      };
      const a = await start('a', { workers: [{ ...subjectWorker(perform), mayBegin: () => may }] });
      await here().produce([intent('j', 'work'), intent('e', 'count')]);
      await counted(1);
      await a.messaging.idle();
      expect((await here().look()).work).toMatchObject([{ id: 'work/j', status: 'QUEUED', attempts: 0 }]);
      may = true;
      await seen('its end', ({ work }) => work.some(({ ended }) => ended));
      expect(attempts).toMatchObject([{ id: 'work/j', attempts: 1 }]);
    });

    it('of a target that is limited to none waits unclaimed, while that of others is done', async () => {
      const limits = new Map<string, 'none' | 'one'>([['down', 'none']]);
      const perform: Perform = async (rows, round) => {
        attempts.push(...rows);
        await plainPerform(rows, round);
      };
      await start('a', { workers: [{ ...subjectWorker(perform), limits: () => limits }] });
      await here().produce([...range(3).map((id) => intent(id, 'work down')), intent('up', 'work up')]);
      const { work } = await seen('the other', (now) => now.work.filter(({ ended }) => ended).length === 1);
      expect(work.find(({ ended }) => ended)).toMatchObject({ id: 'work/up' });
      expect(work.filter(({ ended }) => !ended).map(({ status, attempts }) => [status, attempts])).toEqual(
        range(3).map(() => ['QUEUED', 0]),
      );
      limits.clear();
      await seen('all ended', (now) => now.work.every(({ ended }) => ended));
      expect(attempts.every((row) => row.attempts === 1)).toBe(true);
    });

    it('of a target that is limited meanwhile is given back uncounted, and begun one row at a time', async () => {
      const limits = new Map<string, 'none' | 'one'>();
      const gate = Promise.withResolvers<void>();
      const rounds: number[] = [];
      let running = 0;
      let most = 0;
      const perform: Perform = async (rows, round) => {
        rounds.push(rows.length);
        attempts.push(...rows);
        running++;
        if (limits.get('t') === 'one') most = Math.max(most, running);
        if (rounds.length <= 2) await gate.promise;
        if (rounds.length === 6) limits.clear();
        await plainPerform(rows, round);
        running--;
      };
      const worker = { ...subjectWorker(perform), roundSize: 2, rounds: 2, limits: () => limits };
      await start('a', { workers: [worker] });
      await here().produce(range(12).map((id) => intent(id, 'work t')));
      await until('two rounds', () => rounds.length === 2 && rounds.every((length) => length === 2));
      limits.set('t', 'none');
      await seen('the others given back', ({ work }) => work.filter((row) => row.attempts === 0).length === 8);
      gate.resolve();
      await seen('the begun ended', ({ work }) => work.filter(({ ended }) => ended).length === 4);
      limits.set('t', 'one');
      await until('four single rows', () => rounds.length >= 6);
      expect([rounds.slice(2, 6), most]).toEqual([[1, 1, 1, 1], 1]);
      await seen('all ended', ({ work }) => work.every(({ ended }) => ended));
      expect(attempts.every((row) => row.attempts === 1)).toBe(true);
    });

    it('knows when it was first marked, however often it is', async () => {
      const perform: Perform = async (rows, round) => {
        const [row] = await round.markSent(rows);
        attempts.push(row!);
        if (attempts.length === 2) return plainPerform([row!], round);
        await round.finish(row!, { tag: 'retry', status: 'SENT', inMs: 0, because: 'again' });
      };
      await start('a', { perform });
      await here().produce([intent('j', 'work')]);
      await seen('its end', ({ work }) => work.some(({ ended }) => ended));
      const [first, second] = attempts.map(({ sentAt }) => sentAt!.getTime());
      expect(first).toEqual(expect.any(Number));
      expect(second).toBe(first);
    });

    it('runs more than fits at once, all of it, once', async () => {
      const done = new Set<string>();
      const twice: string[] = [];
      await start('a', {
        perform: async (rows, round) => {
          twice.push(...rows.flatMap(({ id }) => (done.has(id) ? [id] : [])));
          for (const { id } of rows) done.add(id);
          await plainPerform(rows, round as never);
        },
      });
      await here().produce(range(300).map((id) => intent(id, 'work')));
      await seen('all ended', ({ work }) => work.length === 300 && work.every(({ status }) => status === 'COMMITTED'));
      expect(twice).toEqual([]);
    });
  });
}

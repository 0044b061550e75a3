import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { isAfter, type Change, type Cursor } from './changes.js';
import { Feed, MOST_PER_PERSON, MOST_UNREAD_BYTES } from './feed.js';

const bob = { sub: 'bob', tenant: 'acme', roles: ['support-lead'] };

/** Changes in memory; `late` holds back what is answered of the latest. */
function store() {
  const rows: Change[] = [];
  const cursorNow = (): Cursor => rows.at(-1) ?? { tx: 0n, id: 0n };
  const asked = { after: 0 };
  const latest: (() => Promise<Cursor>)[] = [];
  return {
    asked,
    latestIs: (...answers: (() => Promise<Cursor>)[]) => latest.push(...answers),
    add: (intentId: string) =>
      void rows.push({
        tx: BigInt(rows.length + 1),
        id: 1n,
        tenant: 'acme',
        kind: 'actions',
        intentId,
        actor: 'alice',
      }),
    after: (from: Cursor, limit: number) => {
      asked.after++;
      return Promise.resolve(rows.filter((row) => isAfter(row, from)).slice(0, limit));
    },
    latest: () => (latest.shift() ?? (() => Promise.resolve(cursorNow())))(),
    isKept: () => Promise.resolve(true),
  };
}

/** Who is told; `unread`: how much of it they leave unread. */
function outlet(unread = 0) {
  let text = '';
  let ended = '';
  return {
    write: (more: string) => void (text += more),
    end: () => void (ended = 'ended'),
    destroy: () => void (ended = 'destroyed'),
    writableLength: unread,
    heard: () => [...text.matchAll(/"intentId":"(\w+)"/g)].map(([, id]) => id),
    events: () => [...text.matchAll(/event: (\w+)/g)].map(([, event]) => event),
    ids: () => [...text.matchAll(/id: (\S+)/g)].map(([, id]) => id),
    ended: () => ended,
  };
}

const unexpected = (error: unknown) => {
  throw error;
};

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('a feed', () => {
  it('asks nothing while nobody listens (1)', async () => {
    const changes = store();
    const feed = new Feed(changes, unexpected);
    const leave = await feed.join(bob, outlet(), undefined);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(changes.asked.after).toBeGreaterThan(2);
    leave();
    await jest.advanceTimersByTimeAsync(1_000);
    const before = changes.asked.after;
    await jest.advanceTimersByTimeAsync(60_000);
    expect(changes.asked.after).toBe(before);
  });

  it('loses nothing that comes between catching up and its first look, and says it once (2)', async () => {
    const changes = store();
    changes.add('int_0');
    const answer: (() => void)[] = [];
    changes.latestIs(() => new Promise((resolve) => answer.push(() => void changes.latest().then(resolve))));
    const feed = new Feed(changes, unexpected);
    const told = outlet();
    const joined = feed.join(bob, told, { tx: 0n, id: 0n });
    await jest.advanceTimersByTimeAsync(0);
    changes.add('int_1');
    answer[0]!();
    await joined;
    changes.add('int_2');
    await jest.advanceTimersByTimeAsync(1_000);
    expect(told.heard()).toEqual(['int_0', 'int_1', 'int_2']);
    feed.close();
  });

  it('lets go at once of who does not read (3)', async () => {
    const changes = store();
    const feed = new Feed(changes, unexpected);
    const [slow, quick] = [outlet(MOST_UNREAD_BYTES + 1), outlet()];
    await feed.join(bob, slow, undefined);
    await feed.join(bob, quick, undefined);
    changes.add('int_1');
    changes.add('int_2');
    await jest.advanceTimersByTimeAsync(1_000);
    expect([slow.ended(), slow.heard(), quick.ended(), quick.heard()]).toEqual([
      'destroyed',
      ['int_1'],
      '',
      ['int_1', 'int_2'],
    ]);
    feed.close();
    expect(quick.ended()).toBe('ended');
  });

  it('tells who hears nothing how far that goes (4)', async () => {
    const changes = store();
    const feed = new Feed(changes, unexpected);
    const told = outlet();
    await feed.join({ sub: 'anna', tenant: 'acme', roles: [] }, told, undefined);
    changes.add('int_1');
    await jest.advanceTimersByTimeAsync(16_000);
    expect([told.events(), told.ids()]).toEqual([['hello'], ['0-0', '1-1']]);
    feed.close();
  });

  it('has room for so many of one person, and of others beside them', async () => {
    const feed = new Feed(store(), unexpected);
    for (let n = 0; n < MOST_PER_PERSON; n++) await feed.join(bob, outlet(), undefined);
    expect([feed.hasRoomFor(bob), feed.hasRoomFor({ ...bob, tenant: 'globex' })]).toEqual([false, true]);
    feed.close();
  });
});

import { describe, expect, it } from '@jest/globals';
import { Waiting } from './waiting.js';

const never = new AbortController().signal;

/** A count that a spec moves, and the questions it was asked. */
function counter() {
  const counts = new Map<string, number>();
  const asked: string[][] = [];
  const failures: unknown[] = [];
  let down = false;
  let resolve: () => void;
  const reported = new Promise<void>((done) => (resolve = done));
  const waiting = new Waiting(
    (ids) => {
      asked.push(ids);
      return down ? Promise.reject(new Error('away')) : Promise.resolve(counts);
    },
    (error) => {
      failures.push(error);
      resolve();
    },
  );
  return { counts, asked, failures, waiting, reported, setDown: (next: boolean) => (down = next) };
}

describe('whoever waits', () => {
  it('is woken by a change of what is waited for alone (1)', async () => {
    const { counts, waiting } = counter();
    const woken: string[] = [];
    const one = waiting.changed('a', 0, never).then(() => woken.push('a'));
    const gone = new AbortController();
    const two = waiting.changed('b', 0, gone.signal).then(() => woken.push('b'));
    counts.set('a', 1);
    await one;
    expect(woken).toEqual(['a']);
    gone.abort();
    await two;
    expect(waiting.size).toBe(0);
  });

  it('is not kept when the time is over already', async () => {
    const { waiting, asked } = counter();
    await waiting.changed('a', 0, AbortSignal.abort());
    expect([waiting.size, asked]).toEqual([0, []]);
  });

  it('shares one question with all others (2)', async () => {
    const { counts, waiting, asked } = counter();
    const all = ['a', 'b', 'a'].map((id) => waiting.changed(id, 0, never));
    for (const id of ['a', 'b']) counts.set(id, 2);
    await Promise.all(all);
    expect(asked.every((ids) => new Set(ids).size === ids.length)).toBe(true);
    expect(asked.length).toBeLessThan(4);
  });

  it('goes on waiting through a failure, which is reported', async () => {
    const { counts, waiting, failures, setDown, reported } = counter();
    setDown(true);
    const one = waiting.changed('a', 0, never);
    await reported;
    setDown(false);
    counts.set('a', 1);
    await one;
    expect(failures.length).toBeGreaterThan(0);
  });
});

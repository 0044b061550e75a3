import { describe, expect, it } from '@jest/globals';
import { Slots } from './slots.js';

describe('slots', () => {
  it('run no more at once than there are, the rest in order, and what finishes something first', async () => {
    const slots = new Slots(2);
    const begun: string[] = [];
    const ends: (() => void)[] = [];
    const task = (name: string) => () => {
      begun.push(name);
      return new Promise<void>((end) => ends.push(end));
    };
    const all = [slots.run(task('a')), slots.run(task('b')), slots.run(task('c')), slots.run(task('d'))];
    all.push(slots.run(task('check of a'), true));
    expect(begun).toEqual(['a', 'b']);
    while (begun.length < 5) {
      ends.shift()!();
      await new Promise(setImmediate);
    }
    expect(begun).toEqual(['a', 'b', 'check of a', 'c', 'd']);
    for (const end of ends) end();
    await Promise.all(all);
  });
});

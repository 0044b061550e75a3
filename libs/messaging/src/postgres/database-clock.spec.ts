import { describe, expect, it } from '@jest/globals';
import { DatabaseClock } from './database-clock.js';

describe("the database's clock", () => {
  it('goes on from where it was last read, whatever this process takes for the time', async () => {
    let monotonic = 5_000;
    const clock = new DatabaseClock(() => monotonic);
    await clock.readFrom(async () => {
      monotonic += 40;
      return Date.parse('2030-01-01T00:00:00.000Z');
    });
    expect(clock.now().toISOString()).toBe('2030-01-01T00:00:00.020Z');
    monotonic += 1_000;
    expect(clock.now().toISOString()).toBe('2030-01-01T00:00:01.020Z');
  });

  it('stays with what it read before where the database cannot be asked', async () => {
    const clock = new DatabaseClock(() => 0);
    await clock.readFrom(async () => 1_000);
    await expect(clock.readFrom(() => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(clock.now().getTime()).toBe(1_000);
  });
});

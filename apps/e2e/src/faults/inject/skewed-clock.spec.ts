import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import path from 'node:path';

const HOOK = path.join(import.meta.dirname, 'skewed-clock.ts');
const HOUR = 3_600_000;

describe('a process with a clock that is an hour slow', () => {
  const asks = `
    const made = new Date();
    console.log(JSON.stringify({
      now: Date.now(), made: made.getTime(), text: Date.parse(Date()), zero: new Date(0).getTime(), utc: Date.UTC(2000, 0),
      isDate: made instanceof Date && new made.constructor() instanceof Date, ran: performance.now(),
    }));`;
  const env = { PATH: process.env['PATH'], COUNTERSIGN_FAULT_CLOCK_MS: String(-HOUR) };
  const said = execFileSync(process.execPath, ['--import', HOOK, '-e', asks], { env, stdio: 'pipe' }).toString();
  const { now, made, text, zero, utc, isDate, ran } = JSON.parse(said) as Record<string, number>;

  it('gives the time wrong, in every form', () => {
    for (const time of [now!, made!, text!]) expect(Math.abs(Date.now() - HOUR - time)).toBeLessThan(HOUR / 2);
  });

  it('gives a time that is named as it is, and runs as fast as any', () => {
    expect({ zero, utc, isDate }).toEqual({ zero: 0, utc: Date.UTC(2000, 0), isDate: true });
    expect(ran).toBeLessThan(HOUR / 2);
  });
});

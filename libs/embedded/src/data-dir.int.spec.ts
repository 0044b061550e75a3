import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { DataDir } from './data-dir.js';
import { throwawayDir } from './engines.js';
import { DataDirInUse } from './errors.js';

describe('a data folder', () => {
  let dir: string;
  beforeEach(() => {
    dir = throwawayDir('run');
  });
  afterEach(() => fs.rmSync(dir, { recursive: true }));

  it('is held by one at a time', async () => {
    const data = await DataDir.take(dir);
    await expect(DataDir.take(dir)).rejects.toThrow(DataDirInUse);
    data.release();
    (await DataDir.take(dir)).release();
  });

  it('is taken over from a process that is gone, also when its pid is in use again', async () => {
    const gone = JSON.stringify({ pid: process.pid, startedAt: '1' });
    fs.writeFileSync(path.join(dir, 'lock'), gone);
    const data = await DataDir.take(dir);
    await expect(DataDir.take(dir)).rejects.toThrow(`in use by process ${process.pid}`);
    data.release();
  });

  it('is rid of the processes that were left in it, and of those alone', async () => {
    const left = spawn('sleep', ['60'], { detached: true });
    const other = spawn('sleep', ['60'], { detached: true });
    await Promise.all([once(left, 'spawn'), once(other, 'spawn')]);
    const before = await DataDir.take(dir);
    before.note(left.pid!);
    before.note(other.pid!);
    const notes = path.join(dir, 'processes.json');
    const marks = JSON.parse(fs.readFileSync(notes, 'utf8')) as { pid: number; startedAt: string }[];
    // The same pid with another start time: a program that came later.
    fs.writeFileSync(notes, JSON.stringify(marks.map((m) => (m.pid === other.pid ? { ...m, startedAt: '1' } : m))));
    fs.rmSync(path.join(dir, 'lock'));
    const ended = once(left, 'exit');
    (await DataDir.take(dir)).release();
    expect((await ended)[1]).toBe('SIGKILL');
    expect(other.exitCode).toBeNull();
    other.kill();
    await once(other, 'exit');
  });
});

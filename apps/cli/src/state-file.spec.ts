import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { announce, readRunning } from './state-file.js';

describe('the running system', () => {
  let dir: string;
  beforeEach(() => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'state-'));
  });
  afterEach(() => fs.rmSync(dir, { recursive: true }));
  const file = () => path.join(dir, 'current.json');
  const urls = { gateway: 'g', helpdesk: 'h', model: 'm', identity: 'i', kafka: 'k' };
  const withPassword = { ...urls, postgres: 'postgres://owner:hidden@db/x' };

  it('is found from when it is ready until it stops, without the password of its database', () => {
    expect(readRunning(dir)).toBeUndefined();
    const withdraw = announce({ topicPrefix: 'countersign', dataDir: '/data', urls: withPassword }, dir);
    expect(readRunning(dir)).toEqual({ pid: process.pid, topicPrefix: 'countersign', dataDir: '/data', urls });
    expect(fs.readFileSync(file(), 'utf8')).not.toContain('hidden');
    expect(fs.statSync(file()).mode & 0o077).toBe(0);
    withdraw();
    expect(fs.readdirSync(dir)).toEqual([]);
  });

  it('is none if its process was killed', () => {
    announce({ topicPrefix: 'countersign', urls }, dir);
    const { pid } = spawnSync('true');
    fs.writeFileSync(file(), JSON.stringify({ ...readRunning(dir), pid }));
    expect(readRunning(dir)).toBeUndefined();
  });

  it('is not withdrawn by one that is not it any more', () => {
    const withdraw = announce({ topicPrefix: 'countersign', urls }, dir);
    fs.writeFileSync(file(), JSON.stringify({ ...readRunning(dir), pid: process.ppid }));
    withdraw();
    expect(readRunning(dir)?.pid).toBe(process.ppid);
  });
});

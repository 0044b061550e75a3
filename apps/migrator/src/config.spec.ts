import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readConfig } from './config.js';

describe("the migrator's settings", () => {
  let dir: string;
  let passwords: string;
  beforeAll(() => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'migrator-'));
    passwords = path.join(dir, 'passwords.json');
    fs.writeFileSync(passwords, JSON.stringify({ policy: 'long enough for policy' }));
  });
  afterAll(() => fs.rmSync(dir, { recursive: true }));

  it('that are wrong are named all at once', () => {
    const wrong = () => readConfig({ DATABASE_URL: 'mysql://x', KAFKA_BROKERS: '' });
    expect(wrong).toThrow(/DATABASE_URL[^]*MIGRATOR_PASSWORDS[^]*KAFKA_BROKERS|KAFKA_BROKERS[^]*DATABASE_URL/);
  });

  it('take a secret from a file', () => {
    const url = path.join(dir, 'url');
    fs.writeFileSync(url, 'postgres://owner:secret@db/x\n');
    const env = {
      DATABASE_URL_FILE: url,
      MIGRATOR_PASSWORDS: passwords,
      MIGRATOR_SERVICES: 'policy',
      KAFKA_BROKERS: 'a:1,b:2',
    };
    const config = readConfig(env);
    expect(config.databaseUrl).toBe('postgres://owner:secret@db/x');
    expect(config.kafka.brokers).toEqual(['a:1', 'b:2']);
  });

  it('need a password for every service', () => {
    const env = { DATABASE_URL: 'postgres://x@db/x', MIGRATOR_PASSWORDS: passwords, KAFKA_BROKERS: 'a:1' };
    expect(() => readConfig(env)).toThrow('has no password for planner, approval, executor, audit, gateway');
  });
});

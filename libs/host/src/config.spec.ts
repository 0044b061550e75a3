import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { baseConfig, ConfigError, messagingSettings, readConfig } from './config.js';
import { createLogger } from './logger.js';

const good = {
  PORT: '8080',
  DATABASE_URL: 'postgres://u:p@127.0.0.1/db',
  KAFKA_BROKERS: 'one:9092, two:9092',
  OIDC_ISSUER: 'http://127.0.0.1:9000',
  COUNTERSIGN_KEYS_DIR: '/keys',
};
const flaws = (schema: z.ZodType, env: NodeJS.ProcessEnv): string[] => {
  try {
    readConfig(schema, env);
    return [];
  } catch (error) {
    return (error as ConfigError).flaws;
  }
};

describe('the environment', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'config-'));
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  it('is parsed once, with defaults', () => {
    expect(readConfig(baseConfig, good)).toMatchObject({
      HOST: '127.0.0.1',
      PORT: 8080,
      KAFKA_BROKERS: ['one:9092', 'two:9092'],
      KAFKA_SSL: false,
      TOPIC_PREFIX: 'countersign',
      LOG_LEVEL: 'info',
      OIDC_AUDIENCE: 'countersign',
      COUNTERSIGN_WORKFLOWS: ['@countersign/support-desk'],
    });
  });

  it('fails with the whole list of what is wrong; an empty setting is none', () => {
    const schema = baseConfig.extend({ GREETING: z.string() });
    const found = flaws(schema, { ...good, PORT: 'http', DATABASE_URL: '', KAFKA_SASL_MECHANISM: 'plain' });
    expect(found.map((flaw) => flaw.split(':')[0])).toEqual([
      'PORT',
      'DATABASE_URL',
      'GREETING',
      'KAFKA_SASL_MECHANISM',
    ]);
  });

  it('takes a setting from the file that NAME_FILE names, unless it is given', () => {
    const file = path.join(dir, 'url');
    writeFileSync(file, 'postgres://from:file@h/db\n');
    const env = { ...good, DATABASE_URL: undefined, DATABASE_URL_FILE: file };
    expect(readConfig(baseConfig, env).DATABASE_URL).toBe('postgres://from:file@h/db');
    expect(readConfig(baseConfig, { ...env, DATABASE_URL: good.DATABASE_URL }).DATABASE_URL).toBe(good.DATABASE_URL);
    expect(flaws(baseConfig, { ...env, DATABASE_URL_FILE: path.join(dir, 'none') })[0]).toMatch(
      /^DATABASE_URL_FILE: ENOENT/,
    );
  });

  it('reads the parking key from the folder of keys, raw or written', () => {
    const key = Buffer.alloc(32, 9);
    const settings = () =>
      messagingSettings(
        'x',
        readConfig(baseConfig, { ...good, COUNTERSIGN_KEYS_DIR: dir }),
        createLogger('x', { LOG_LEVEL: 'silent' }),
      );
    for (const written of [key, key.toString('base64'), key.toString('hex')]) {
      writeFileSync(path.join(dir, 'parking.key'), written);
      expect(settings()).toMatchObject({
        parkingKey: key,
        instance: 'x-1',
        kafka: { brokers: ['one:9092', 'two:9092'], ssl: false },
      });
    }
  });
});

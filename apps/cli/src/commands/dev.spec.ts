import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { requireAsItShouldBe, systemOptions } from './dev.js';

describe('the system is started', () => {
  it('on port 8080 with engines of its own, unless told otherwise', () => {
    expect(systemOptions({}, {})).toStrictEqual({ ports: { gateway: 8080 } });
    expect(systemOptions({}, { PORT: '', KAFKA_BROKERS: '', DATABASE_URL: '' })).toStrictEqual({
      ports: { gateway: 8080 },
    });
  });

  it('on engines of the user, which no service of it would find by itself', () => {
    const env = { KAFKA_BROKERS: 'k1:9092,k2:9092', DATABASE_URL: 'postgres://me@db/cs', PORT: '9000' };
    expect(systemOptions({ port: 9001 }, env)).toStrictEqual({
      ports: { gateway: 9001 },
      kafkaBrokers: 'k1:9092,k2:9092',
      databaseUrl: 'postgres://me@db/cs',
    });
    expect(systemOptions({}, env).ports).toEqual({ gateway: 9000 });
  });

  it('with data where the command was given, wherever the bootstrap works', () => {
    expect(systemOptions({ data: 'kept' }, { INIT_CWD: '/home/me' }).dataDir).toBe('/home/me/kept');
    expect(systemOptions({ data: 'kept' }, {}).dataDir).toBe(path.resolve('kept'));
    expect(systemOptions({ data: '/abs' }, { INIT_CWD: '/home/me' }).dataDir).toBe('/abs');
  });

  it('with users at the embedded broker if it is told --secure, and never with that at brokers of the user', () => {
    expect(systemOptions({ secure: true }, {})).toMatchObject({ secure: true });
    expect(() => systemOptions({ secure: true }, { KAFKA_BROKERS: 'k1:9092' })).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringContaining('KAFKA_BROKERS') }),
    );
  });

  it.each(['abc', '0', '70000', '80.5'])('not with PORT=%s', (PORT) => {
    expect(() => systemOptions({}, { PORT })).toThrow(
      expect.objectContaining({ exitCode: 2, message: `PORT is ${PORT}, not a port from 1 to 65535.` }),
    );
  });
});

describe('--once', () => {
  const wrong = expect.objectContaining({ exitCode: 1 });
  it('ends with 1 if any row is not as it should be, or none was played', () => {
    expect(() => requireAsItShouldBe([{ ok: true }, { ok: false }], true)).toThrow(wrong);
    expect(() => requireAsItShouldBe([], true)).toThrow(wrong);
  });

  it('ends with 0 if every row is, or none was asked for', () => {
    requireAsItShouldBe([{ ok: true }], true);
    requireAsItShouldBe([], false);
  });
});

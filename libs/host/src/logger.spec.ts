import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { createLogger, NestLogger } from './logger.js';

const lines: string[] = [];
const sink = new Writable({
  write(chunk, _encoding, done) {
    lines.push(String(chunk));
    done();
  },
});
const logger = createLogger('policy', { LOG_LEVEL: 'info' }, sink);
const last = () => JSON.parse(lines.at(-1)!) as Record<string, unknown>;

describe('the log', () => {
  it('strikes out secrets, also inside of what is logged', () => {
    logger.info(
      {
        authorization: 'Bearer x',
        headers: { authorization: 'Bearer x' },
        user: { login: { password: 'p' } },
        DATABASE_URL: 'postgres://',
      },
      'said',
    );
    expect(lines.at(-1)).not.toMatch(/Bearer|"p"|postgres/);
    expect(last()).toMatchObject({ service: 'policy', instance: 'policy-1', msg: 'said', authorization: '[redacted]' });
  });

  it('says of an error what happened, not how the connection was made', () => {
    const error = Object.assign(new Error('down'), {
      code: '57P01',
      client: { password: 'p' },
      cause: new Error('deeper'),
    });
    logger.error({ err: error }, 'failed');
    expect(last()['err']).toEqual({
      type: 'Error',
      message: 'down',
      code: '57P01',
      cause: 'deeper',
      stack: expect.any(String),
    });
  });

  it('takes what Nest says; start-up chatter below the level', () => {
    const before = lines.length;
    new NestLogger(logger).log('Mapped {/healthz, GET} route', 'RouterExplorer');
    expect(lines).toHaveLength(before);
    new NestLogger(logger).error(new Error('x'), 'ExceptionsHandler');
    expect(last()).toMatchObject({ level: 50, msg: 'x', from: 'nest/ExceptionsHandler' });
  });
});

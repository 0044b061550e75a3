import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { inTrace } from '@countersign/messaging';
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

  it('names the trace that a line belongs to, and none where there is none', () => {
    const [trace_id, span_id] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];
    inTrace(`00-${trace_id}-${span_id}-01`, () => logger.warn('said of a record'));
    expect(last()).toMatchObject({ trace_id, span_id });
    logger.warn('said of no record');
    expect(last()).not.toHaveProperty('trace_id');
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

  const PLANTED = ['dana@example.com', 'DE89 3704 0044 0532 0130 00', '4111 1111 1111 1111', '+49 170 1234567'];
  const HIDDEN = /dana|0044|1111|1234567/;

  it('hides personal values wherever they are: in messages, nested, in names, numbers, errors and their stacks', () => {
    for (const planted of PLANTED) {
      const error = new Error(`no such row: (email)=(${planted})\n${planted}`, { cause: new Error(planted) });
      logger.warn(
        { err: error, deep: { [planted]: [{ a: `x\n${planted}` }] }, number: 4111111111111111, ssn: '078051120' },
        `about ${planted}`,
      );
      expect(lines.at(-1)).not.toMatch(HIDDEN);
      expect(lines.at(-1)).not.toContain('078051120');
      expect(last()).toMatchObject({ msg: expect.stringContaining('about ['), level: 40 });
      for (const written of [
        encodeURIComponent(planted),
        Buffer.from(planted).toString('base64'),
        JSON.stringify({ a: JSON.stringify(`\t${planted}`) }),
      ]) {
        logger.info({ url: `/v1/x?q=${written}` }, 'asked');
        expect(lines.at(-1)).not.toContain(written);
        expect(lines.at(-1)).not.toMatch(HIDDEN);
        expect(last()).toMatchObject({ msg: 'asked' });
      }
    }
  });

  it('hides tokens and passwords in whatever text they stand', () => {
    const token = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl';
    for (const text of [
      `Bearer ${token}`,
      `failed with ${token}.`,
      'Authorization: Basic YWxpY2U6c2VjcmV0',
      'at postgres://policy:s3cret@127.0.0.1:5432/x',
    ]) {
      logger.error({ err: new Error(text) }, text);
      expect(lines.at(-1)).not.toMatch(/eyJ|YWxpY2|s3cret/);
      expect(last()['msg']).toMatch(/\[(token|password)\]/);
    }
  });

  it('leaves a line as it was where there is nothing to hide', () => {
    const said = {
      id: `evt_${'0a'.repeat(16)}`,
      offset: '1763820060000',
      at: '2026-11-22T14:01:32.123Z',
      order: 'ord_1001',
      url: 'http://127.0.0.1:8080',
    };
    logger.info(said, 'took 18.00 EUR');
    expect(last()).toMatchObject({ ...said, msg: 'took 18.00 EUR' });
  });

  it('cuts what is long before it looks, and stays JSON', () => {
    const long = `${'DE89 '.repeat(400_000)} dana@example.com`;
    const start = performance.now();
    logger.info({ long, many: Array.from({ length: 50_000 }, () => 'dana@example.com') }, 'long');
    expect(performance.now() - start).toBeLessThan(2_000);
    expect(lines.at(-1)!.length).toBeLessThan(40_000);
    expect(lines.at(-1)).not.toContain('dana@');
    expect(last()).toMatchObject({ level: 30, service: 'policy' });
  });

  it('takes what Nest says; start-up chatter below the level', () => {
    const before = lines.length;
    new NestLogger(logger).log('Mapped {/healthz, GET} route', 'RouterExplorer');
    expect(lines).toHaveLength(before);
    new NestLogger(logger).error(new Error('x'), 'ExceptionsHandler');
    expect(last()).toMatchObject({ level: 50, msg: 'x', from: 'nest/ExceptionsHandler' });
  });
});

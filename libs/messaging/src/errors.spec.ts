import { describe, expect, it } from '@jest/globals';
import { ConflictError, kindOf, NotPrepared, StoreFailure } from './errors.js';

const coded = (code: string) => Object.assign(new Error(code), { code });

describe('what an error means', () => {
  it.each(['40001', '40P01', '55P03'])('%s: the transaction runs again', (code) =>
    expect(kindOf(coded(code))).toBe('conflict'),
  );
  it.each(['22P05', '23505', '54000', 'P0001'])('%s: the record is found and set aside', (code) =>
    expect(kindOf(coded(code))).toBe('content'),
  );
  // An engine that is away, shut down or not migrated yet must not cost a single record.
  it.each(['08006', '57P01', '53300', '42P01', '28P01', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT'])(
    '%s: the line is held',
    (code) => expect(kindOf(coded(code))).toBe('transient'),
  );
  it('a plain error holds the line; a bug does not', () => {
    expect(kindOf(new Error('timeout exceeded when trying to connect'))).toBe('transient');
    expect(kindOf(new TypeError('x is undefined'))).toBe('content');
  });
  it('what `prepare` threw holds the line, whatever it was: fetch throws TypeErrors', () => {
    expect(kindOf(new NotPrepared(new TypeError('fetch failed')))).toBe('transient');
  });
  it('a failure of the store inside a step is what it was', () => {
    expect(kindOf(new StoreFailure(coded('40P01')))).toBe('conflict');
    expect(kindOf(new ConflictError('a row'))).toBe('conflict');
  });
});

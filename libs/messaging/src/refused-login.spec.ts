import { describe, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import { refusedLogin, wordsOf } from './refused-login.js';

const coded = (code: string) => Object.assign(new Error('no'), { code });

describe('an engine that refuses a login', () => {
  it('is told from one that is away, however deep it stands', () => {
    const sasl = Object.assign(new Error('SASL SCRAM SHA256 authentication failed'), {
      name: kafkajs.KafkaJSSASLAuthenticationError.name,
    });
    const wrapped = new Error('tried often', { cause: new Error('once more', { cause: sasl }) });
    expect([sasl, wrapped].map((error) => refusedLogin(error)?.code)).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED']);
    for (const code of ['28P01', '28000']) expect(refusedLogin(coded(code))?.detail).toContain('database');
    for (const code of ['ECONNREFUSED', '57P01', '42P01']) expect(refusedLogin(coded(code))).toBeUndefined();
    expect(refusedLogin(undefined)).toBeUndefined();
  });

  it('or lets it in to less than it needs', () => {
    const denied = Object.assign(new Error('no'), { type: 'TOPIC_AUTHORIZATION_FAILED', code: 29 });
    expect(refusedLogin(denied)?.code).toBe('PERMISSION_DENIED');
  });

  it('is told with what to do', () => {
    expect(wordsOf(refusedLogin(coded('28P01'))!)).toMatch(/^UNAUTHENTICATED: .+ DATABASE_URL_FILE.+again/);
  });
});

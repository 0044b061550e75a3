import { describe, expect, it } from '@jest/globals';
import { executorConfig, targetUrls } from './config.js';

const env = {
  PORT: '0',
  DATABASE_URL: 'postgres://of-the-test',
  KAFKA_BROKERS: '127.0.0.1:9092',
  OIDC_ISSUER: 'http://127.0.0.1:1',
  COUNTERSIGN_KEYS_DIR: 'keys',
  COUNTERSIGN_CREDENTIALS_DIR: 'credentials',
};

describe('where targets are', () => {
  it('is said in one setting or one by one, the first before the second', () => {
    const given = { helpdesk: 'http://127.0.0.1:1' };
    const others = { HELPDESK_URL: 'http://127.0.0.1:2', BILLING_API_URL: 'http://127.0.0.1:3' };
    expect([...targetUrls(['helpdesk', 'billing-api'], given, others)]).toEqual([
      ['helpdesk', 'http://127.0.0.1:1'],
      ['billing-api', 'http://127.0.0.1:3'],
    ]);
  });

  it('is refused with all that is missing or wrong', () => {
    const wrong = () => targetUrls(['helpdesk', 'billing'], {}, { BILLING_URL: 'nowhere' });
    expect(wrong).toThrow(/HELPDESK_URL: the tools of helpdesk need it\n- BILLING_URL: is no URL/);
  });

  it.each(['not json', '[]', '{"helpdesk":"nowhere"}', '{"helpdesk":1}'])('is refused as %s', (text) => {
    const parsed = executorConfig.safeParse({ ...env, COUNTERSIGN_TARGETS: text });
    expect(parsed.error?.issues).toMatchObject([{ path: ['COUNTERSIGN_TARGETS'] }]);
  });

  it('may be left out', () => {
    expect(executorConfig.parse(env).COUNTERSIGN_TARGETS).toEqual({});
  });
});

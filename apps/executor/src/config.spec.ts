import { describe, expect, it } from '@jest/globals';
import { executorConfig, targetSettings } from './config.js';

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
    const config = executorConfig.parse({ ...env, COUNTERSIGN_TARGETS: '{"helpdesk":"http://127.0.0.1:1"}' });
    const others = {
      HELPDESK_URL: 'http://127.0.0.1:2',
      BILLING_API_URL: 'http://127.0.0.1:3',
      BILLING_API_CONCURRENCY: '4',
    };
    expect([...targetSettings(['helpdesk', 'billing-api'], config, others)]).toEqual([
      ['helpdesk', { url: 'http://127.0.0.1:1', concurrency: 24 }],
      ['billing-api', { url: 'http://127.0.0.1:3', concurrency: 4 }],
    ]);
  });

  it('is refused with all that is missing or wrong', () => {
    const given = { BILLING_URL: 'nowhere', BILLING_CONCURRENCY: '0' };
    const wrong = () => targetSettings(['helpdesk', 'billing'], executorConfig.parse(env), given);
    expect(wrong).toThrow(
      /HELPDESK_URL: the tools of helpdesk need it\n- BILLING_URL: is no URL\n- BILLING_CONCURRENCY: is no number/,
    );
  });

  it.each(['not json', '[]', '{"helpdesk":"nowhere"}', '{"helpdesk":1}'])('is refused as %s', (text) => {
    const parsed = executorConfig.safeParse({ ...env, COUNTERSIGN_TARGETS: text });
    expect(parsed.error?.issues).toMatchObject([{ path: ['COUNTERSIGN_TARGETS'] }]);
  });

  it('may be left out', () => {
    expect(executorConfig.parse(env).COUNTERSIGN_TARGETS).toEqual({});
  });
});

describe("audit's limit", () => {
  it.each(['0', '1999', 'never'])('cannot be turned off, or set to what no beat keeps: %s', (limit) => {
    expect(executorConfig.safeParse({ ...env, COUNTERSIGN_AUDIT_LIMIT_MS: limit }).success).toBe(false);
    expect(executorConfig.parse(env).COUNTERSIGN_AUDIT_LIMIT_MS).toBe(30_000);
  });
});

import { describe, expect, it } from '@jest/globals';
import { readConfig } from '@countersign/host';
import { approvalConfig } from './config.js';

const base = {
  ...{ PORT: '0', KAFKA_BROKERS: '127.0.0.1:1', DATABASE_URL: 'postgres://x@127.0.0.1/x' },
  ...{ OIDC_ISSUER: 'http://127.0.0.1:1', COUNTERSIGN_KEYS_DIR: '/keys' },
};
const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const flaws = (url?: string, secret?: string): string[] => {
  const given = {
    ...(url ? { COUNTERSIGN_WEBHOOK_URL: url } : {}),
    ...(secret ? { COUNTERSIGN_WEBHOOK_SECRET: secret } : {}),
  };
  try {
    readConfig(approvalConfig, { ...base, ...given });
    return [];
  } catch (error) {
    return (error as { flaws: string[] }).flaws;
  }
};

describe('the webhook settings', () => {
  it.each([
    [undefined, undefined],
    ['https://hooks.example.com/x', SECRET],
    ['http://127.0.0.1:8080/x', SECRET],
    ['http://localhost:8080/x', SECRET.replace('whsec_', '')],
  ])('%s is fit', (url, secret) => {
    expect(flaws(url, secret)).toEqual([]);
  });

  it.each<[string, string | undefined, string | undefined, string]>([
    ['an address without a secret', 'https://hooks.example.com', undefined, 'COUNTERSIGN_WEBHOOK_SECRET: the other'],
    ['a secret without an address', undefined, SECRET, 'COUNTERSIGN_WEBHOOK_URL: the other'],
    ['an address in the clear', 'http://hooks.example.com', SECRET, 'COUNTERSIGN_WEBHOOK_URL: https'],
    ['a user in the address', 'https://user:word@hooks.example.com', SECRET, 'COUNTERSIGN_WEBHOOK_URL: https'],
    ['no address at all', 'hooks', SECRET, 'COUNTERSIGN_WEBHOOK_URL: '],
    ['a short secret', 'https://hooks.example.com', 'whsec_AAAA', 'COUNTERSIGN_WEBHOOK_SECRET: whsec_'],
    [
      'a secret that is no base64',
      'https://hooks.example.com',
      `${'not base64! '.repeat(4)}`,
      'COUNTERSIGN_WEBHOOK_SECRET: whsec_',
    ],
  ])('%s ends the start, by name and without the secret', (_, url, secret, says) => {
    const found = flaws(url, secret);
    expect(found).toContainEqual(expect.stringContaining(says));
    if (secret) expect(found.join()).not.toContain(secret);
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readConfig } from './config.js';
import { Faults, faultsSchema } from './faults.js';
import { readTokens, tenantsByToken } from './tokens.js';

describe('settings', () => {
  it('make no tenants for evals unless asked to, and then want a secret for it', () => {
    const given = { PORT: '1', DATABASE_URL: 'postgres://x', HELPDESK_TOKENS_DIR: '/x' };
    expect(readConfig(given)).toMatchObject({ HELPDESK_FIXTURES: 'off' });
    expect(() => readConfig({ ...given, HELPDESK_FIXTURES: 'on' })).toThrow(/HELPDESK_FIXTURES_TOKEN/);
  });

  it('names everything that is wrong at once', () => {
    expect(() => readConfig({ PORT: '99999', DATABASE_URL: 'mysql://x' })).toThrow(
      /PORT[^]*DATABASE_URL[^]*HELPDESK_TOKENS_DIR/,
    );
  });
});

describe('tokens', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'tokens-'));
    mkdirSync(join(dir, 'helpdesk'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('name the tenant by the file they are in', () => {
    writeFileSync(join(dir, 'helpdesk', 'acme.token'), 'a-token-of-acme-0001\n');
    writeFileSync(join(dir, 'helpdesk', 'README'), 'no token');
    const tenantOf = tenantsByToken(readTokens(dir));
    expect([tenantOf('a-token-of-acme-0001'), tenantOf('a-token-of-acme-0002'), tenantOf('')]).toEqual([
      'acme',
      undefined,
      undefined,
    ]);
  });

  it('of a tenant called as those of evals are stop the start', () => {
    writeFileSync(join(dir, 'helpdesk', 'eval-acme.token'), 'a-token-of-acme-0001');
    expect(() => readTokens(dir)).toThrow('eval-acme.token');
  });

  it('that are none, or too short to be secret, stop the start', () => {
    expect(() => readTokens(dir)).toThrow('write one per tenant');
    writeFileSync(join(dir, 'helpdesk', 'acme.token'), 'short');
    expect(() => readTokens(dir)).toThrow('acme.token');
  });
});

describe('faults', () => {
  it('come at the ordered rate, the same for the same seed', () => {
    const drops = () => {
      const faults = new Faults();
      faults.set(faultsSchema.parse({ dropAnswer: 0.05, seed: 7 }));
      return Array.from({ length: 2_000 }, () => faults.dropsThisAnswer());
    };
    const first = drops();
    expect(first.filter(Boolean).length).toBeGreaterThan(70);
    expect(first.filter(Boolean).length).toBeLessThan(130);
    expect(drops()).toEqual(first);
  });

  it('a status alone is always given, with a rate now and then, and never when off', () => {
    const faults = new Faults();
    expect(faults.status()).toBeUndefined();
    faults.set(faultsSchema.parse({ status: 503 }));
    expect(faults.status()).toBe(503);
    faults.set(faultsSchema.parse({ status: 503, statusRate: 0 }));
    expect(faults.status()).toBeUndefined();
  });

  it.each([0, null])('a status of %s is off, and so is whatever is not named', (status) => {
    const faults = new Faults();
    faults.set(faultsSchema.parse({ status: 503, dropAnswer: 1, latencyMs: 5 }));
    faults.set(faultsSchema.parse({ status, statusRate: 1 }));
    expect([faults.status(), faults.dropsThisAnswer(), faults.get().latencyMs]).toEqual([undefined, false, 0]);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CORE_SERVICES } from './service-catalog.js';
import { databasePasswords, makeCredentials, makeKeys } from './system-keys.js';

describe('the keys of a system', () => {
  let dir: string;
  const text = (...parts: string[]) => fs.readFileSync(path.join(dir, ...parts), 'utf8');
  beforeAll(() => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'keys-'));
    makeKeys(dir);
  });
  afterAll(() => fs.rmSync(dir, { recursive: true }));

  it.each(['policy', 'planner', 'approval', 'executor', 'audit', 'release'])(
    "%s's public key is trusted by every service",
    (signer) => {
      const key = createPrivateKey(text(signer, 'sign.pem'));
      expect(key.asymmetricKeyType).toBe('ed25519');
      const pem = createPublicKey(key).export({ type: 'spki', format: 'pem' });
      for (const service of CORE_SERVICES) expect(text(service, 'trusted', `${signer}.pub.pem`)).toBe(pem);
    },
  );

  it('gateway signs nothing, and only policy can open what is sealed for it', () => {
    const holders = (file: string) => CORE_SERVICES.filter((service) => fs.existsSync(path.join(dir, service, file)));
    expect(holders('sign.pem')).toEqual(['policy', 'planner', 'approval', 'executor', 'audit']);
    expect(holders('seal.pem')).toEqual(['policy']);
  });

  it('who seals values holds one key, who opens them another, and planner and gateway neither', () => {
    const holders = (file: string) => CORE_SERVICES.filter((service) => fs.existsSync(path.join(dir, service, file)));
    expect(holders('sealing-hash.key')).toEqual(['policy', 'executor']);
    expect(holders('sealing.pem')).toEqual(['approval', 'executor', 'audit']);
    expect(text('approval', 'sealing.pem')).toBe(text('executor', 'sealing.pem'));
    const pem = createPublicKey(text('executor', 'sealing.pem')).export({ type: 'spki', format: 'pem' });
    expect(text('policy', 'trusted', 'sealing.pub.pem')).toBe(pem);
  });

  it('only gateway can open the sessions of browsers', () => {
    const holders = CORE_SERVICES.filter((service) => fs.existsSync(path.join(dir, service, 'session.key')));
    expect(holders).toEqual(['gateway']);
    expect(fs.statSync(path.join(dir, 'gateway', 'session.key'))).toMatchObject({ size: 32 });
  });

  it('are read by their owner only, and made once', () => {
    expect(fs.statSync(path.join(dir, 'policy', 'sign.pem')).mode & 0o777).toBe(0o600);
    const before = text('policy', 'sign.pem');
    makeKeys(dir);
    expect(text('policy', 'sign.pem')).toBe(before);
  });

  it('a folder of an earlier version gets the keys it lacks, and keeps the others', () => {
    const [policy, parking] = [text('policy', 'sign.pem'), text('audit', 'parking.key')];
    fs.rmSync(path.join(dir, 'planner', 'sign.pem'));
    makeKeys(dir);
    expect([text('policy', 'sign.pem'), text('audit', 'parking.key')]).toEqual([policy, parking]);
    const pem = createPublicKey(text('planner', 'sign.pem')).export({ type: 'spki', format: 'pem' });
    for (const service of CORE_SERVICES) expect(text(service, 'trusted', 'planner.pub.pem')).toBe(pem);
  });

  it('credentials are one token per tenant, kept over a restart', () => {
    makeCredentials(dir);
    const before = text('helpdesk', 'acme.token');
    makeCredentials(dir);
    expect(text('helpdesk', 'acme.token')).toBe(before);
    expect(text('helpdesk', 'globex.token')).not.toBe(before);
  });

  it('passwords differ for each service and stay for a data folder', () => {
    const passwords = databasePasswords(dir);
    expect(new Set(Object.values(passwords)).size).toBe(Object.keys(passwords).length);
    expect(databasePasswords(dir)).toEqual(passwords);
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { EventDraft, OutRecord } from '@countersign/contracts';
import { decodeRecord } from '@countersign/contracts';
import {
  checkSignature,
  loadKeyRing,
  loadSigner,
  openWarrant,
  packWarrant,
  signedEncoder,
  Signer,
  thumbprint,
  type KeyRing,
} from './index.js';

const pair = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    pub: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    kid: thumbprint(publicKey),
  };
};
const draft: EventDraft = {
  ...{ type: 'countersign.action.settled.v1', id: 'evt_1', subject: 'act_1', tenantid: 'acme', actorid: 'alice' },
  ...{ session: 's-1', correlationid: 'int_1', causationid: 'evt_0', time: '2026-01-01T00:00:00Z' },
  data: {
    ...{ intentId: 'int_1', actionId: 'act_1', revision: 0, tenant: 'acme', outcome: 'committed' },
    ...{ by: 'sam', reason: 'seen' },
  },
};
const read = ({ topic, key, value, headers }: OutRecord) =>
  decodeRecord({
    topic,
    partition: 0,
    offset: 0n,
    timestamp: 0,
    key: Buffer.from(key),
    value: Buffer.from(value),
    headers,
  });

describe('a folder of keys (the numbers are those of key-files.ts)', () => {
  const first = pair();
  const second = pair();
  let dir: string;
  let flaws: string[];
  const at = (...names: string[]) => path.join(dir, ...names);
  /** As one should: whole, under its name at once. */
  const lay = (name: string, text: string) => {
    writeFileSync(at('new'), text);
    renameSync(at('new'), at(name));
  };
  const following = { everyMs: 0, onFlaw: (flaw: string) => void flaws.push(flaw) };
  const signedBy = (pem: string) => read(signedEncoder('policy', Signer.fromPem(pem))(draft));
  const accepts = (ring: KeyRing, pem: string) => checkSignature(ring, 'policy', signedBy(pem)).ok;

  beforeEach(() => {
    flaws = [];
    dir = mkdtempSync(path.join(tmpdir(), 'keys-'));
    mkdirSync(at('trusted'));
    lay('trusted/policy.pub.pem', first.pub);
    lay('sign.pem', first.pem);
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('1: a key counts once it lies there, beside the one before, and no more once it is taken away', () => {
    const ring = loadKeyRing(dir, following);
    const events = { old: signedBy(first.pem), young: signedBy(second.pem) };
    const ok = () => [events.old, events.young].map((event) => checkSignature(ring, 'policy', event).ok);
    expect(ok()).toEqual([true, false]);
    const { generation } = ring;
    lay('trusted/policy.2.pub.pem', second.pub);
    expect(ok()).toEqual([true, true]);
    expect(ring.generation).toBeGreaterThan(generation);
    rmSync(at('trusted', 'policy.pub.pem'));
    expect(ok()).toEqual([false, true]);
  });

  it('1: a new sign.pem is signed with from then on, and rotation never leaves a signature that nobody trusts', () => {
    const [ring, signer] = [loadKeyRing(dir, following), loadSigner(dir, following)];
    const sign = () => read(signedEncoder('policy', signer)(draft));
    const inFlight = sign();
    const steps = [
      () => lay('trusted/policy.2.pub.pem', second.pub),
      () => lay('sign.pem', second.pem),
      () => checkSignature(ring, 'policy', inFlight).ok || expect('the old one').toBe('trusted while they overlap'),
      () => rmSync(at('trusted', 'policy.pub.pem')),
    ];
    for (const step of steps) {
      step();
      expect(checkSignature(ring, 'policy', sign())).toEqual({ ok: true });
    }
    expect(signer.kid).toBe(second.kid);
    expect(checkSignature(ring, 'policy', inFlight)).toMatchObject({ ok: false });
  });

  it('2: a revoked key is refused at once, what was verified before included, and stays so', () => {
    const ring = loadKeyRing(dir, following);
    const event = signedBy(first.pem);
    const packed = packWarrant(event);
    const both = () => [checkSignature(ring, 'policy', event).ok, openWarrant(ring, 'policy', packed).ok];
    expect(both()).toEqual([true, true]);
    const { generation } = ring;
    lay('revoked', `# stolen laptops\n${first.kid} # INC-42\n`);
    expect(both()).toEqual([false, false]);
    expect(ring.generation).toBeGreaterThan(generation);
    lay('revoked', '');
    lay('trusted/policy.9.pub.pem', first.pub);
    rmSync(at('revoked'));
    expect(both()).toEqual([false, false]);
  });

  it('2: a key that is revoked when a service starts is never trusted', () => {
    lay('revoked', first.kid);
    expect(accepts(loadKeyRing(dir, following), first.pem)).toBe(false);
  });

  it('3: what is half written, or not there for a moment, changes nothing but what can be read', () => {
    const [ring, signer] = [loadKeyRing(dir, following), loadSigner(dir, following)];
    writeFileSync(at('trusted', 'policy.pub.pem'), first.pub.slice(0, 40));
    writeFileSync(at('sign.pem'), second.pem.slice(0, 40));
    writeFileSync(at('trusted', 'policy.2.pub.pem'), '');
    expect([accepts(ring, first.pem), accepts(ring, second.pem), signer.kid]).toEqual([true, false, first.kid]);
    expect(flaws).toHaveLength(3);
    expect(accepts(ring, first.pem)).toBe(true);
    expect(flaws).toHaveLength(3);
    lay('revoked', `${second.kid}\nno thumbprint\n`);
    writeFileSync(at('trusted', 'policy.2.pub.pem'), second.pub);
    expect([accepts(ring, first.pem), accepts(ring, second.pem)]).toEqual([true, false]);
    expect(flaws.at(-1)).toMatch('no thumbprint');
    renameSync(at('trusted'), at('away'));
    expect(accepts(ring, first.pem)).toBe(true);
    expect(accepts(ring, first.pem)).toBe(true);
    expect(flaws.filter((flaw) => flaw.includes('the keys it held still count'))).toHaveLength(1);
  });

  it('3: a start fails on it', () => {
    writeFileSync(at('trusted', 'executor.pub.pem'), 'half');
    expect(() => loadKeyRing(dir, following)).toThrow('executor.pub.pem');
    writeFileSync(at('sign.pem'), 'half');
    expect(() => loadSigner(dir, following)).toThrow();
  });

  it('4: a key laid down as two services’ is trusted for neither', () => {
    const ring = loadKeyRing(dir, following);
    lay('trusted/executor.pub.pem', first.pub);
    expect(accepts(ring, first.pem)).toBe(false);
    expect(flaws.at(-1)).toMatch('is said to be of');
  });

  it('the folder is looked at no more often than it has to be', () => {
    const ring = loadKeyRing(dir, { ...following, everyMs: 60_000 });
    expect(accepts(ring, first.pem)).toBe(true);
    rmSync(at('trusted', 'policy.pub.pem'));
    expect(accepts(ring, first.pem)).toBe(true);
  });

  it('does what docs/keys.md says, by the commands that stand there', () => {
    const text = readFileSync(new URL('../../../docs/keys.md', import.meta.url), 'utf8');
    const blocks = Object.fromEntries(
      [...text.matchAll(/```bash\n# (\w+):[^\n]*\n([^]*?)```/g)].map(([, name, commands]) => [name, commands]),
    );
    expect(Object.keys(blocks)).toEqual(['make', 'publish', 'swap', 'retire', 'revoke']);
    for (const service of ['policy', 'executor', 'gateway']) {
      mkdirSync(at('keys', service), { recursive: true });
      cpSync(at('trusted'), at('keys', service, 'trusted'), { recursive: true });
    }
    lay('keys/policy/sign.pem', first.pem);
    const run = (name: string) =>
      execFileSync('bash', ['-euc', blocks[name]!], {
        env: { ...process.env, KEYS: at('keys'), SERVICE: 'policy', NEW: at('young.pem') },
      });
    const ring = loadKeyRing(at('keys', 'executor'), following);
    const signer = loadSigner(at('keys', 'policy'), following);
    const sign = () => read(signedEncoder('policy', signer)(draft));
    const old = sign();
    for (const name of ['make', 'publish', 'swap']) {
      run(name);
      expect(checkSignature(ring, 'policy', sign())).toEqual({ ok: true });
    }
    expect(signer.kid).toBe(
      thumbprint(createPublicKey(readFileSync(at('keys', 'gateway', 'trusted', 'policy.2.pub.pem')))),
    );
    expect(checkSignature(ring, 'policy', old)).toEqual({ ok: true });
    run('retire');
    expect([checkSignature(ring, 'policy', old).ok, checkSignature(ring, 'policy', sign()).ok]).toEqual([false, true]);
    run('revoke');
    expect(readFileSync(at('keys', 'gateway', 'revoked'), 'utf8')).toMatch(signer.kid);
    expect(checkSignature(ring, 'policy', sign()).ok).toBe(false);
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { compactVerify, CompactSign, importPKCS8, importSPKI } from 'jose';
import { decodeRecord, type EventDraft, type OutRecord } from '@countersign/contracts';
import {
  checkSignature,
  KeyRing,
  loadKeyRing,
  loadSigner,
  signedEncoder,
  Signer,
  thumbprint,
  verifyWith,
} from './index.js';

const pair = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    pub: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
};
const policy = pair();
const executor = pair();
const ring = new KeyRing().add('policy', policy.pub).add('executor', executor.pub);
const draft: EventDraft = {
  type: 'countersign.action.settled.v1',
  id: 'evt_1',
  subject: 'act_1',
  tenantid: 'acme',
  actorid: 'alice',
  session: 's-1',
  correlationid: 'int_1',
  causationid: 'evt_0',
  time: '2026-01-01T00:00:00Z',
  data: {
    intentId: 'int_1',
    actionId: 'act_1',
    revision: 0,
    tenant: 'acme',
    outcome: 'committed',
    by: 'sam',
    reason: 'seen',
  },
};
const read = (out: OutRecord) =>
  decodeRecord({
    topic: out.topic,
    partition: 0,
    offset: 0n,
    timestamp: 0,
    key: Buffer.from(out.key),
    value: Buffer.from(out.value),
    headers: out.headers,
  });
const signed = () => signedEncoder('policy', Signer.fromPem(policy.pem))(draft);

describe('signed events', () => {
  it('are accepted from their owner', () => {
    expect(checkSignature(ring, 'policy', read(signed()))).toMatchObject({ ok: true });
  });

  it.each<[string, (out: OutRecord) => OutRecord, string]>([
    ['no signature', (o) => ({ ...o, headers: { ...o.headers, ce_signature: '' } }), 'no signature'],
    ['another value', (o) => ({ ...o, value: o.value.replace('seen', 'Seen') }), 'does not match'],
    ['another id', (o) => ({ ...o, headers: { ...o.headers, ce_id: 'evt_2' } }), 'another eid'],
    ['another subject', (o) => ({ ...o, headers: { ...o.headers, ce_subject: 'act_2' } }), 'another sub'],
    ['another key', (o) => ({ ...o, key: 'globex/s-1' }), 'another key'],
    [
      'another bit in the signature',
      (o) => ({
        ...o,
        headers: {
          ...o.headers,
          ce_signature: o.headers['ce_signature']!.replace(/..(.)/, (m) => m).slice(0, -4) + 'AAAA',
        },
      }),
      'does not match',
    ],
    [
      'an algorithm of none',
      (o) => ({
        ...o,
        headers: { ...o.headers, ce_signature: `${Buffer.from('{"alg":"none"}').toString('base64url')}..AA` },
      }),
      'not one of ours',
    ],
  ])('are refused with %s', (_, forge, because) => {
    const check = checkSignature(ring, 'policy', read(forge(signed())));
    expect(check).toMatchObject({ ok: false, because: expect.stringContaining(because) });
  });

  it("are refused when another trusted service's key signed them", () => {
    const out = signedEncoder('policy', Signer.fromPem(executor.pem))(draft);
    expect(checkSignature(ring, 'policy', read(out))).toMatchObject({
      ok: false,
      because: 'signed by executor, not by policy',
    });
  });

  it('are refused as another type with the same fields: a rejection is no approval', () => {
    const word = { approvalId: 'a', intentId: 'i', actionId: 'act_1', revision: 0, actionHash: 'h', tenant: 'acme' };
    const data = {
      ...word,
      approver: { sub: 'bob', roles: [] },
      reason: 'r',
      decidedAt: '2026-01-01T00:00:00Z',
      sealedToken: 't',
    };
    const rejected: EventDraft = { ...draft, type: 'countersign.approval.rejected.v1', data };
    const out = signedEncoder('executor', Signer.fromPem(executor.pem))(rejected);
    const forged = { ...out, headers: { ...out.headers, ce_type: 'countersign.approval.granted.v1' } };
    expect(checkSignature(ring, 'executor', read(out))).toMatchObject({ ok: true });
    expect(checkSignature(ring, 'executor', read(forged))).toMatchObject({
      ok: false,
      because: 'the signature is for another typ',
    });
  });

  it('are refused when the key is not trusted', () => {
    const out = signedEncoder('policy', Signer.fromPem(pair().pem))(draft);
    expect(checkSignature(ring, 'policy', read(out))).toMatchObject({
      ok: false,
      because: expect.stringContaining('no trusted key'),
    });
  });
});

describe('the JWS', () => {
  it('is read by jose, and reads what jose signed', async () => {
    const compact = Signer.fromPem(policy.pem).sign('{"a":1}', { typ: 'x' });
    const { payload, protectedHeader } = await compactVerify(compact, await importSPKI(policy.pub, 'EdDSA'));
    expect([Buffer.from(payload).toString(), protectedHeader['typ']]).toEqual(['{"a":1}', 'x']);
    const { kid } = Signer.fromPem(policy.pem);
    const theirs = await new CompactSign(Buffer.from('{"b":2}'))
      .setProtectedHeader({ alg: 'EdDSA', kid })
      .sign(await importPKCS8(policy.pem, 'EdDSA'));
    expect(ring.verify(theirs)).toMatchObject({ ok: true, owner: 'policy', payload: '{"b":2}' });
  });

  it('signs and verifies the vector of RFC 8037, appendix A', () => {
    const jwk = {
      kty: 'OKP',
      crv: 'Ed25519',
      d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
      x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
    };
    const key = createPublicKey({ format: 'jwk', key: { kty: jwk.kty, crv: jwk.crv, x: jwk.x } });
    const compact =
      'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc' +
      '.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg';
    expect(verifyWith(key, compact)).toBe(true);
    expect(verifyWith(key, compact.replace('.RXh', '.RXg'))).toBe(false);
    expect(verifyWith(key, `${compact}.x`)).toBe(false);
    expect(thumbprint(key)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
    // Ed25519 is deterministic: the same header and payload give the very signature of the RFC.
    const [head, body, signature] = compact.split('.');
    const own = sign(null, Buffer.from(`${head}.${body}`), createPrivateKey({ format: 'jwk', key: jwk })).toString(
      'base64url',
    );
    expect(own).toBe(signature);
  });

  it('without a key id is refused: a key is found in the pinned set alone', () => {
    const header = Buffer.from('{"alg":"EdDSA"}').toString('base64url');
    expect(ring.verify(`${header}.e30.AAAA`)).toEqual({
      ok: false,
      because: 'the protected header is not one of ours',
    });
  });

  it('of another algorithm by its own word is refused, though the key made it', () => {
    const compact = Signer.fromPem(policy.pem).sign('{}', { alg: 'ES256' });
    expect(ring.verify(compact)).toEqual({ ok: false, because: 'the protected header is not one of ours' });
  });

  it.each(['', 'a', 'a.b', 'a.b.c.d', '..', `${Buffer.from('null').toString('base64url')}.e30.AA`])(
    '%j is refused without an error',
    (compact) => {
      expect(ring.verify(compact)).toMatchObject({ ok: false });
    },
  );

  it('is made with Ed25519 keys alone', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(() => Signer.fromPem(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())).toThrow(
      'an Ed25519 key is needed',
    );
  });
});

describe('key files', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'keys-'));
    mkdirSync(path.join(dir, 'trusted'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));
  const trust = (file: string, pub: string) => writeFileSync(path.join(dir, 'trusted', file), pub);

  it('overlap while a key is replaced: both verify until the old one is taken out', () => {
    const next = pair();
    trust('policy.pub.pem', policy.pub);
    trust('policy.2.pub.pem', next.pub);
    writeFileSync(path.join(dir, 'sign.pem'), next.pem);
    const fresh = loadSigner(dir).sign('{}', {});
    const old = Signer.fromPem(policy.pem).sign('{}', {});
    expect([loadKeyRing(dir).verify(old), loadKeyRing(dir).verify(fresh)]).toEqual([
      expect.objectContaining({ ok: true, owner: 'policy' }),
      expect.objectContaining({ ok: true, owner: 'policy' }),
    ]);
    rmSync(path.join(dir, 'trusted', 'policy.pub.pem'));
    expect([loadKeyRing(dir).verify(old).ok, loadKeyRing(dir).verify(fresh).ok]).toEqual([false, true]);
  });

  it('for sealing are not trusted to sign, and other files are passed over', () => {
    const { publicKey } = generateKeyPairSync('x25519');
    trust('policy-seal.pub.pem', publicKey.export({ type: 'spki', format: 'pem' }).toString());
    trust('README', 'notes');
    trust('executor.pub.pem', executor.pub);
    expect(loadKeyRing(dir).verify(Signer.fromPem(executor.pem).sign('{}', {}))).toMatchObject({
      ok: true,
      owner: 'executor',
    });
  });
});

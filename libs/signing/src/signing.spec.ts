import { describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { compactVerify, CompactSign, importPKCS8, importSPKI } from 'jose';
import { decodeRecord, type EventDraft, type OutRecord } from '@countersign/contracts';
import { checkSignature, KeyRing, signedEncoder, Signer } from './index.js';

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
  data: { intentId: 'int_1', actionId: 'act_1', revision: 0, tenant: 'acme', outcome: 'committed', by: 'sam', reason: 'seen' },
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
      (o) => ({ ...o, headers: { ...o.headers, ce_signature: o.headers['ce_signature']!.replace(/..(.)/, (m) => m) .slice(0, -4) + 'AAAA' } }),
      'does not match',
    ],
    ['an algorithm of none', (o) => ({ ...o, headers: { ...o.headers, ce_signature: `${Buffer.from('{"alg":"none"}').toString('base64url')}..AA` } }), 'not one of ours'],
  ])('are refused with %s', (_, forge, because) => {
    const check = checkSignature(ring, 'policy', read(forge(signed())));
    expect(check).toMatchObject({ ok: false, because: expect.stringContaining(because) });
  });

  it("are refused when another trusted service's key signed them", () => {
    const out = signedEncoder('policy', Signer.fromPem(executor.pem))(draft);
    expect(checkSignature(ring, 'policy', read(out))).toMatchObject({ ok: false, because: 'signed by executor, not by policy' });
  });

  it('are refused when the key is not trusted', () => {
    const out = signedEncoder('policy', Signer.fromPem(pair().pem))(draft);
    expect(checkSignature(ring, 'policy', read(out))).toMatchObject({ ok: false, because: expect.stringContaining('no trusted key') });
  });
});

describe('the JWS', () => {
  it('is read by jose, and reads what jose signed', async () => {
    const compact = Signer.fromPem(policy.pem).sign('{"a":1}', { typ: 'x' });
    const { payload, protectedHeader } = await compactVerify(compact, await importSPKI(policy.pub, 'EdDSA'));
    expect([Buffer.from(payload).toString(), protectedHeader['typ']]).toEqual(['{"a":1}', 'x']);
    const { kid } = Signer.fromPem(policy.pem);
    const theirs = await new CompactSign(Buffer.from('{"b":2}')).setProtectedHeader({ alg: 'EdDSA', kid }).sign(await importPKCS8(policy.pem, 'EdDSA'));
    expect(ring.verify(theirs)).toMatchObject({ ok: true, owner: 'policy', payload: '{"b":2}' });
  });

  it('verifies the vector of RFC 8037, appendix A.4', () => {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
    const key = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(jwk.x, 'base64url')]);
    const pem = `-----BEGIN PUBLIC KEY-----\n${key.toString('base64')}\n-----END PUBLIC KEY-----\n`;
    const rfc = new KeyRing().add('rfc', pem);
    const compact =
      'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg';
    // The vector has no kid, which ours demand: the pinned set is what finds a key.
    expect(rfc.verify(compact)).toMatchObject({ ok: false });
    expect(Signer.prototype.sign).toBeInstanceOf(Function);
  });
});

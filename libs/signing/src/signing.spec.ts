import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { compactVerify, CompactSign, importPKCS8, importSPKI } from 'jose';
import { decodeRecord, type EventDraft, type OutRecord } from '@countersign/contracts';
import {
  checkSignature,
  eventPen,
  KeyRing,
  loadKeyRing,
  loadSigner,
  openWarrant,
  packWarrant,
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

const withHeader = (out: OutRecord, name: string, text: string): OutRecord => ({
  ...out,
  headers: { ...out.headers, [name]: text },
});
const signatureOf = (out: OutRecord) => out.headers['ce_signature']!;
const withSignature = (out: OutRecord, change: (text: string) => string) =>
  withHeader(out, 'ce_signature', change(signatureOf(out)));
/** Several that one transaction emitted. */
const batch = (size: number, pen = policy) => {
  const { encode, signAll } = eventPen('policy', Signer.fromPem(pen.pem));
  return signAll(Array.from({ length: size }, (_, n) => encode({ ...draft, id: `evt_${n}` } as EventDraft)));
};

describe('signed events', () => {
  it('of one transaction share one Ed25519 signature, and each is accepted by itself', () => {
    for (const size of [1, 2, 3, 7, 8, 300]) {
      const records = batch(size);
      expect(new Set(records.map((out) => signatureOf(out).split('~')[0])).size).toBe(1);
      for (const out of records) expect(checkSignature(ring, 'policy', read(out))).toEqual({ ok: true });
    }
    expect(eventPen('policy', Signer.fromPem(policy.pem)).signAll([])).toEqual([]);
  });

  it('are refused with the proof of a neighbour, and under the root of another tree', () => {
    const [first, second] = batch(5) as [OutRecord, OutRecord];
    const elsewhere = batch(6)[0]!;
    const [, proof] = signatureOf(first).split('~');
    const refused = [
      withSignature(first, () => signatureOf(second)),
      withSignature(first, (text) => text.replace('~0', '~1')),
      withSignature(first, (text) => text.replace(/\.[\w-]{43}$/, '')),
      withSignature(first, () => `${signatureOf(elsewhere).split('~')[0]}~${proof}`),
    ];
    for (const out of refused) {
      const check = checkSignature(ring, 'policy', read(out));
      expect(check).toMatchObject({ ok: false, because: expect.stringContaining('does not match') });
    }
  });

  it('are refused with a proof that was good for another, however many of the tree were verified before', () => {
    const records = batch(300);
    for (const out of records) expect(checkSignature(ring, 'policy', read(out)).ok).toBe(true);
    records.forEach((out, n) => {
      const jws = signatureOf(out).split('~')[0]!;
      const [, ...path] = signatureOf(out).split('~')[1]!.split('.');
      const neighbour = records[(n + 1) % records.length]!;
      const cut = [`${n}`, ...path.slice(0, -1)].join('.');
      const moved = [`${(n + 8) % records.length}`, ...path].join('.');
      const proofs = [signatureOf(neighbour), `${jws}~${cut}`, `${jws}~${moved}`];
      for (const proof of proofs)
        expect(checkSignature(ring, 'policy', read(withSignature(out, () => proof))).ok).toBe(false);
    });
  });

  it('are not taken for one event when they are two: a node of the tree is no leaf', () => {
    const [first] = batch(2) as [OutRecord];
    const [jws, proof] = signatureOf(first).split('~');
    const [, sibling] = proof!.split('.');
    const inner = withSignature({ ...first, value: sibling! }, () => `${jws}~0`);
    expect(checkSignature(ring, 'policy', { ...read(first), text: inner.value, signature: `${jws}~0` })).toMatchObject({
      ok: false,
    });
  });

  it.each<[string, string, Record<string, string>]>([
    ['something else', '{"a":1}', { typ: 'countersign-tree' }],
    ['a tree for another purpose', `{"root":"${'A'.repeat(43)}","size":1}`, { typ: 'checkpoint' }],
  ])("are refused when what the owner's key signed is %s", (_, payload, header) => {
    const jws = Signer.fromPem(policy.pem).sign(payload, header);
    const out = withSignature(signed(), () => `${jws}~0`);
    expect(checkSignature(ring, 'policy', read(out))).toEqual({
      ok: false,
      because: 'what was signed is no tree of events',
    });
  });

  it('are judged anew when the trusted keys change, whatever was verified before', () => {
    const known = new KeyRing().add('policy', policy.pub);
    expect(checkSignature(known, 'policy', read(signed()))).toEqual({ ok: true });
    known.add('executor', policy.pub);
    expect(checkSignature(known, 'policy', read(signed()))).toMatchObject({ ok: false });
  });

  it('are kept as one text, which opens as what was signed and as nothing else', () => {
    const out = batch(3)[2]!;
    const packed = packWarrant(read(out));
    const { data: _, ...attributes } = draft;
    const covered = { ...attributes, id: 'evt_2', key: out.key, source: '/services/policy' };
    expect(openWarrant(ring, 'policy', packed)).toEqual({ ok: true, covered, value: out.value });
    expect(openWarrant(ring, 'executor', packed)).toMatchObject({
      ok: false,
      because: expect.stringContaining('by policy'),
    });
    for (const other of [
      packed.replace('seen', 'Seen'),
      packed.replace('evt_2', 'evt_1'),
      `${packed} `,
      `\n${packed}`,
      'a.b.c',
      '',
    ])
      expect(openWarrant(ring, 'policy', other)).toMatchObject({ ok: false });
  });

  it('are accepted from their owner', () => {
    expect(checkSignature(ring, 'policy', read(signed()))).toMatchObject({ ok: true });
  });

  it.each<[string, (out: OutRecord) => OutRecord, string]>([
    ['no signature', (o) => ({ ...o, headers: { ...o.headers, ce_signature: '' } }), 'no signature'],
    ['another value', (o) => ({ ...o, value: o.value.replace('seen', 'Seen') }), 'does not match'],
    ['another id', (o) => withHeader(o, 'ce_id', 'evt_2'), 'does not match'],
    ['another subject', (o) => withHeader(o, 'ce_subject', 'act_2'), 'does not match'],
    ['another key', (o) => ({ ...o, key: 'globex/s-1' }), 'does not match'],
    ['another source', (o) => withHeader(o, 'ce_source', '/services/executor'), 'does not match'],
    ['another actor', (o) => withHeader(o, 'ce_actorid', 'bob'), 'does not match'],
    ['another session', (o) => withHeader(o, 'ce_session', 's-2'), 'does not match'],
    ['another tenant', (o) => withHeader(o, 'ce_tenantid', 'globex'), 'does not match'],
    ['another correlation', (o) => withHeader(o, 'ce_correlationid', 'int_2'), 'does not match'],
    ['another cause', (o) => withHeader(o, 'ce_causationid', 'evt_9'), 'does not match'],
    ['another time', (o) => withHeader(o, 'ce_time', '2026-01-02T00:00:00Z'), 'does not match'],
    ['no actor', (o) => withHeader(o, 'ce_actorid', ''), 'does not match'],
    ['a place that is not in the tree', (o) => withSignature(o, (text) => text.replace('~0', '~1')), 'does not match'],
    ['a longer path', (o) => withSignature(o, (text) => `${text}.${'A'.repeat(43)}`), 'does not match'],
    ['a path that is none', (o) => withSignature(o, (text) => `${text}.AAAA`), 'not of the form'],
    ['no place', (o) => withSignature(o, (text) => text.split('~')[0]!), 'not of the form'],
    [
      'another bit in the signature',
      (o) => withSignature(o, (text) => text.replace(/.(?=.{9}~)/, (c) => (c === 'A' ? 'B' : 'A'))),
      'does not match',
    ],
    [
      'an algorithm of none',
      (o) => withSignature(o, (text) => text.replace(/^[^.]+/, Buffer.from('{"alg":"none"}').toString('base64url'))),
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
      tokenDigest: 't',
    };
    const rejected: EventDraft = { ...draft, type: 'countersign.approval.rejected.v1', data };
    const out = signedEncoder('executor', Signer.fromPem(executor.pem))(rejected);
    const forged = { ...out, headers: { ...out.headers, ce_type: 'countersign.approval.granted.v1' } };
    expect(checkSignature(ring, 'executor', read(out))).toMatchObject({ ok: true });
    expect(checkSignature(ring, 'executor', read(forged))).toMatchObject({
      ok: false,
      because: expect.stringContaining('does not match'),
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

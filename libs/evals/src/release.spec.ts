import { describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { jcs, type ReleaseValue } from '@countersign/contracts';
import { KeyRing, Signer } from '@countersign/signing';
import { signRelease, verifyRelease, type ReleaseReport } from './release.js';

const pair = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const pub = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return { signer: new Signer(privateKey), pub };
};
const release = pair();
const policy = pair();
const ring = new KeyRing().add('release', release.pub).add('policy', policy.pub);
const report: ReleaseReport & { kind: 'release' } = {
  ...{ kind: 'release', at: '2026-01-15T12:00:00.000Z', verdict: 'pass', casesDigest: 'sha256:1', model: 'recorded' },
  ...{ cases: { passed: 60, failed: 0, errors: 0, skipped: 2 }, generated: 40 },
};
const PURPOSE = { typ: 'countersign-release' };
/** As somebody with the key would who does not use signRelease. */
const byHand = (
  statement: Record<string, unknown>,
  signer = release.signer,
  header: Record<string, string> = PURPOSE,
) => signer.sign(jcs(statement), header);
const verified = (value: ReleaseValue, workflow = 'support-desk') => verifyRelease(ring, workflow, value);
const because = (value: ReleaseValue, workflow?: string) => {
  const result = verified(value, workflow);
  return result.ok ? 'it is believed' : result.because;
};
const signed = signRelease('support-desk', 'sha256:fp', report, release.signer);

describe('the statement that releases a fingerprint (the numbers are those of release.ts)', () => {
  it('is believed as it was signed, and a rollback too', () => {
    expect(verified(signed)).toEqual({ ok: true, report });
    const back: ReleaseReport = { kind: 'rollback', at: '2026-01-15T12:00:00.000Z', reason: 'INC-42' };
    expect(verified(signRelease('support-desk', 'sha256:old', back, release.signer))).toEqual({
      ok: true,
      report: back,
    });
  });

  it('1: serves with no other workflow, fingerprint or report', () => {
    const other = 'another workflow, fingerprint or report was signed';
    expect(because(signed, 'billing')).toBe(other);
    expect(because({ ...signed, fingerprint: 'sha256:other' })).toBe(other);
    expect(because({ ...signed, report: { ...report, generated: 41 } })).toBe(other);
    expect(because({ ...signed, report: { ...report, more: true } })).toBe(other);
    expect(because({ ...signed, report: { ...report, casesDigest: '\ud800' } })).toBe(other);
  });

  it('2: counts by the release key alone, for this alone', () => {
    const statement = { workflow: 'support-desk', fingerprint: 'sha256:fp', report };
    const stranger = pair();
    expect(because({ ...signed, signature: byHand(statement) })).toBe('it is believed');
    expect(because({ ...signed, signature: byHand(statement, policy.signer) })).toBe(
      'it is signed by the key of policy',
    );
    expect(because({ ...signed, signature: byHand(statement, stranger.signer) })).toContain('no trusted key');
    expect(because({ ...signed, signature: byHand(statement, release.signer, {}) })).toBe(
      'what was signed is no release',
    );
    const [head, body] = signed.signature.split('.');
    expect(because({ ...signed, signature: `${head}.${body}.${Buffer.alloc(64).toString('base64url')}` })).toBe(
      'the signature does not match',
    );
    expect(because({ ...signed, signature: 'x' })).toBe('not a compact JWS');
  });

  it.each([
    ['failed', { verdict: 'fail' }, 'the verdict of its cases is fail'],
    ['is an error', { verdict: 'error' }, 'the verdict of its cases is error'],
    ['had no case', { cases: { ...report.cases, passed: 0 } }, 'no case passed'],
    [
      'says it passed and counts a failure',
      { cases: { ...report.cases, failed: 1 } },
      'some of its cases did not pass',
    ],
    ['says it passed and counts an error', { cases: { ...report.cases, errors: 1 } }, 'some of its cases did not pass'],
    ['has another form', { verdict: 'green' }, 'the report has not its form: verdict'],
  ])('3: releases nothing that %s, whoever signed it', (_, change, why) => {
    const bad = { ...report, ...change };
    const signature = byHand({ workflow: 'support-desk', fingerprint: 'sha256:fp', report: bad });
    expect(because({ fingerprint: 'sha256:fp', report: bad, signature })).toBe(why);
    const sign = () => signRelease('support-desk', 'sha256:fp', bad as ReleaseReport, release.signer);
    if (bad.verdict !== 'green') expect(sign).toThrow(`support-desk cannot be released: ${why}`);
  });

  it('fits the control value whole', () => expect(signed.signature.length).toBeLessThan(4096));
});

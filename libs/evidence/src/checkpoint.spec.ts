import { describe, expect, it } from '@jest/globals';
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { Signer } from '@countersign/signing';
import { openCheckpoint, openNote, originOf, readCheckpoint, signCheckpoint, signNote } from './checkpoint.js';

// The example of golang.org/x/mod/sumdb/note, with the seed of its published signing key.
const SEED = 'AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';
const PETER = 'ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const NOTE = `${TEXT}\n\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`;

const publicKey = (typed: string) =>
  createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(typed, 'base64').subarray(1).toString('base64url') },
    format: 'jwk',
  });
const privateKey = (typed: string) =>
  createPrivateKey({
    key: Buffer.concat([
      Buffer.from('302e020100300506032b657004220420', 'hex'),
      Buffer.from(typed, 'base64').subarray(1),
    ]),
    format: 'der',
    type: 'pkcs8',
  });

describe('a signed note (the numbers are those of checkpoint.ts)', () => {
  it("is that of Go's own example, to the byte", () => {
    expect(signNote(TEXT, 'PeterNeumann', new Signer(privateKey(SEED)))).toBe(NOTE);
    expect(openNote(NOTE, 'PeterNeumann', [publicKey(PETER)])).toBe(TEXT);
  });

  it('counts for nothing under another name, another key or with a byte changed (1)', () => {
    const keys = [publicKey(PETER)];
    expect(openNote(NOTE, 'EnochRoot', keys)).toBeUndefined();
    expect(openNote(NOTE, 'PeterNeumann', [generateKeyPairSync('ed25519').publicKey])).toBeUndefined();
    const bytes = Buffer.from(NOTE);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      expect(openNote(bytes.toString('utf8'), 'PeterNeumann', keys)).toBeUndefined();
      bytes[bit >> 3]! ^= 1 << (bit & 7);
    }
  });

  it('may carry signatures of others, and none of ours that is wrong (1)', () => {
    const keys = [publicKey(PETER)];
    const other = signNote(TEXT, 'witness.example/1', new Signer(generateKeyPairSync('ed25519').privateKey)).slice(
      TEXT.length + 1,
    );
    expect(openNote(NOTE + other, 'PeterNeumann', keys)).toBe(TEXT);
    const wrong = NOTE.slice(TEXT.length + 1).replace('x08go/Z', 'x08go/Y');
    expect(openNote(NOTE + wrong, 'PeterNeumann', keys)).toBeUndefined();
    expect(openNote(`${NOTE}not a signature\n`, 'PeterNeumann', keys)).toBeUndefined();
  });
});

describe('a checkpoint', () => {
  it('reads as the specification shows one', () => {
    const text = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';
    const root = Buffer.from('CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=', 'base64');
    expect(readCheckpoint(text)).toEqual({ origin: 'example.com/behind-the-sofa', size: 20852163, root });
  });

  it('is read one way or not at all (2)', () => {
    const root = Buffer.alloc(32, 7).toString('base64');
    for (const text of [
      `a\n01\n${root}\n`,
      `a\n-1\n${root}\n`,
      `a\n1\n${root}\nmore\n`,
      `a\n1\n${root}`,
      `\n1\n${root}\n`,
      `a\n1\n${root.slice(0, -1)}\n`,
      `a\n1\n${root.slice(0, 42)}d=\n`,
    ])
      expect({ text, read: readCheckpoint(text) }).toEqual({ text, read: undefined });
  });

  it('comes back from its note, whatever a tenant is called', () => {
    const { privateKey: key, publicKey: known } = generateKeyPairSync('ed25519');
    for (const tenant of ['acme', 'a tenant', 'plus+plus', 'müller', 'a/b\nc']) {
      const checkpoint = { origin: originOf('countersign/audit', tenant), size: 12, root: Buffer.alloc(32, 1) };
      expect(openCheckpoint(signCheckpoint(checkpoint, new Signer(key)), [known])).toEqual(checkpoint);
    }
    expect(openCheckpoint('', [known])).toBeUndefined();
  });
});

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const SIGNERS = ['policy', 'planner', 'approval', 'executor'] as const;
export type TestSigner = (typeof SIGNERS)[number];

export interface TestKeys {
  /** What `COUNTERSIGN_KEYS_DIR` names for the service. */
  dir: string;
  /** Everybody's private keys (PKCS8 PEM), so that a spec can write as any service. */
  pens: Record<TestSigner, string>;
  /** Opens what is sealed to policy. */
  sealPem: string;
  drop(): void;
}

/** A service's folder of keys as the embedded system lays it out, and the pens of the others. */
export function testKeys(service: string): TestKeys {
  const dir = mkdtempSync(path.join(tmpdir(), `keys-${service}-`));
  mkdirSync(path.join(dir, 'trusted'));
  const pens = {} as Record<TestSigner, string>;
  for (const signer of SIGNERS) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    pens[signer] = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const trusted = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    writeFileSync(path.join(dir, 'trusted', `${signer}.pub.pem`), trusted);
    if (signer === service) writeFileSync(path.join(dir, 'sign.pem'), pens[signer]);
  }
  const seal = generateKeyPairSync('x25519');
  const sealPem = seal.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  writeFileSync(
    path.join(dir, 'trusted', 'policy-seal.pub.pem'),
    seal.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  );
  writeFileSync(path.join(dir, 'parking.key'), randomBytes(32));
  writeFileSync(path.join(dir, 'sealing-hash.key'), randomBytes(32));
  if (service === 'gateway') writeFileSync(path.join(dir, 'session.key'), randomBytes(32));
  const sealing = generateKeyPairSync('x25519');
  writeFileSync(path.join(dir, 'sealing.pem'), sealing.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(
    path.join(dir, 'trusted', 'sealing.pub.pem'),
    sealing.publicKey.export({ type: 'spki', format: 'pem' }),
  );
  return { dir, pens, sealPem, drop: () => rmSync(dir, { recursive: true, force: true }) };
}

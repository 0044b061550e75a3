import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import type { SealingKeys } from '@countersign/sealing';
import { KeyRing, Signer } from '@countersign/signing';

const SIGNERS = ['policy', 'planner', 'approval', 'executor', 'audit'] as const;
export type SignerName = (typeof SIGNERS)[number];

/** The keys of one run. Nothing outside it trusts them, and they end with it. */
export interface Keys {
  pens: Record<SignerName, Signer>;
  ring: KeyRing;
  /** To which approval seals tokens, and which policy opens. */
  tokens: { publicKey: KeyObject; privateKey: KeyObject };
  sealing: SealingKeys;
  opening: KeyObject;
  /** Signs the releases of this run's world. */
  release: Signer;
}

export function makeKeys(): Keys {
  const pairs = [...SIGNERS, 'release' as const].map((owner) => [owner, generateKeyPairSync('ed25519')] as const);
  const ring = new KeyRing();
  for (const [owner, { publicKey }] of pairs)
    ring.add(owner, publicKey.export({ type: 'spki', format: 'pem' }).toString());
  const signers = Object.fromEntries(pairs.map(([owner, { privateKey }]) => [owner, new Signer(privateKey)]));
  const sealing = generateKeyPairSync('x25519');
  return {
    pens: signers as Keys['pens'],
    ring,
    tokens: generateKeyPairSync('x25519'),
    sealing: { hash: randomBytes(32), master: sealing.publicKey },
    opening: sealing.privateKey,
    release: signers['release']!,
  };
}

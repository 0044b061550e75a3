import { generateKeyPairSync } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose';
import { KeyRing, Signer } from '@countersign/signing';

export const SIGNERS = ['policy', 'planner', 'approval', 'executor', 'audit', 'release'] as const;
export type SignerName = (typeof SIGNERS)[number];
export const ISSUER = 'http://localhost/issuer';
const FAR = 4_000_000_000;

export const PEOPLE = {
  alice: { sub: 'alice', tenant: 'acme', roles: ['clerk'] },
  erin: { sub: 'erin', tenant: 'globex', roles: ['clerk'] },
  bob: { sub: 'bob', tenant: 'acme', roles: ['lead'] },
  gil: { sub: 'gil', tenant: 'globex', roles: ['lead'] },
  sam: { sub: 'sam', tenant: 'acme', roles: ['sre'] },
  ruth: { sub: 'ruth', tenant: 'acme', roles: ['release'] },
} as const;
export type Name = keyof typeof PEOPLE;

/** Made once and used by all histories: what is signed with them is no matter of chance to anybody. */
export interface Keys {
  pens: Record<SignerName, Signer>;
  ring: () => KeyRing;
  /** To which approval seals tokens, and which policy opens. */
  seal: ReturnType<typeof generateKeyPairSync>;
  tokens: Record<Name, string>;
  jwk: JWK;
}

export async function makeKeys(): Promise<Keys> {
  const pairs = SIGNERS.map((owner) => [owner, generateKeyPairSync('ed25519')] as const);
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const token = (name: Name) =>
    new SignJWT({ tenant: PEOPLE[name].tenant, roles: [...PEOPLE[name].roles] })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1', typ: 'at+jwt' })
      .setIssuer(ISSUER)
      .setAudience('countersign')
      .setSubject(name)
      .setExpirationTime(FAR)
      .sign(privateKey);
  const names = Object.keys(PEOPLE) as Name[];
  const tokens = await Promise.all(names.map(async (name) => [name, await token(name)] as const));
  return {
    pens: Object.fromEntries(pairs.map(([owner, pair]) => [owner, new Signer(pair.privateKey)])) as Keys['pens'],
    ring: () => {
      const ring = new KeyRing();
      for (const [owner, pair] of pairs)
        ring.add(owner, pair.publicKey.export({ type: 'spki', format: 'pem' }).toString());
      return ring;
    },
    seal: generateKeyPairSync('x25519') as unknown as Keys['seal'],
    tokens: Object.fromEntries(tokens) as Keys['tokens'],
    jwk: { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' },
  };
}

import { createHmac, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { CORE_SERVICES, SERVICES } from './service-catalog.js';

/** Who signs. `release` is no service: the release pipeline signs with it. */
const SIGNERS = ['policy', 'approval', 'executor', 'audit', 'release'] as const;
const TENANTS = ['acme', 'globex'] as const;

const write = (file: string, content: string | Buffer): void => {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  fs.writeFileSync(file, content, { mode: 0o600 });
};
const privatePem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const publicPem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();

/**
 * Makes the keys of a system, once for a data folder. `<dir>/<service>` is what one service is given:
 * `sign.pem` (Ed25519, PKCS8; those that sign), `seal.pem` (X25519; policy alone), `parking.key` (32 bytes) and
 * `trusted/<owner>.pub.pem` (SPKI) with everybody's public keys.
 */
export function makeKeys(dir: string): void {
  const done = path.join(dir, 'made');
  if (fs.existsSync(done)) return;
  const trusted = new Map<string, string>();
  for (const signer of SIGNERS) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    write(path.join(dir, signer, 'sign.pem'), privatePem(privateKey));
    trusted.set(`${signer}.pub.pem`, publicPem(publicKey));
  }
  const seal = generateKeyPairSync('x25519');
  write(path.join(dir, 'policy', 'seal.pem'), privatePem(seal.privateKey));
  trusted.set('policy-seal.pub.pem', publicPem(seal.publicKey));
  for (const service of CORE_SERVICES) {
    write(path.join(dir, service, 'parking.key'), randomBytes(32));
    for (const [name, pem] of trusted) write(path.join(dir, service, 'trusted', name), pem);
  }
  write(done, '');
}

/** Makes the executor's credentials for helpdesk, a bearer token per tenant: `<dir>/helpdesk/<tenant>.token`. */
export function makeCredentials(dir: string): void {
  for (const tenant of TENANTS) {
    const file = path.join(dir, 'helpdesk', `${tenant}.token`);
    if (!fs.existsSync(file)) write(file, randomBytes(24).toString('base64url'));
  }
}

/** A password per service, and one for the owner of the tables, derived from one secret of the data folder. */
export function databasePasswords(dir: string): Record<string, string> {
  const file = path.join(dir, 'master.key');
  if (!fs.existsSync(file)) write(file, randomBytes(32));
  const master = fs.readFileSync(file);
  const derive = (name: string): string => createHmac('sha256', master).update(`database/${name}`).digest('base64url');
  return Object.fromEntries(['owner', ...SERVICES].map((name) => [name, derive(name)]));
}

import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { CORE_SERVICES, SERVICES } from './service-catalog.js';

/** Who signs. `release` is no service: the release pipeline signs with it. */
const SIGNERS = ['policy', 'planner', 'approval', 'executor', 'audit', 'release'] as const;
/** Who gives sealed values their tokens, and who may open them. */
const SEALERS = ['policy', 'executor'] as const;
const OPENERS = ['executor', 'approval', 'audit'] as const;
const TENANTS = ['acme', 'globex'] as const;

const write = (file: string, content: string | Buffer): void => {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  fs.writeFileSync(file, content, { mode: 0o600 });
};
const writeOnce = (file: string, make: () => string | Buffer): void => {
  if (!fs.existsSync(file)) write(file, make());
};
const privatePem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const publicPem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
const publicOf = (file: string): string => publicPem(createPublicKey(createPrivateKey(fs.readFileSync(file))));

/**
 * Makes the keys of a system, each once for a data folder; one of an earlier version gets those it lacks. `<dir>/<service>` is what one service is given:
 * `sign.pem` (Ed25519, PKCS8; those that sign), `seal.pem` (X25519; policy alone), `parking.key` (32 bytes),
 * `sealing-hash.key` (32 bytes; who seals values), `sealing.pem` (X25519; who opens them), `session.key` (32 bytes; gateway alone) and
 * `trusted/<owner>.pub.pem` (SPKI) with everybody's public keys.
 */
export function makeKeys(dir: string): void {
  const trusted = new Map<string, string>();
  for (const signer of SIGNERS) {
    const file = path.join(dir, signer, 'sign.pem');
    writeOnce(file, () => privatePem(generateKeyPairSync('ed25519').privateKey));
    trusted.set(`${signer}.pub.pem`, publicOf(file));
  }
  const seal = path.join(dir, 'policy', 'seal.pem');
  writeOnce(seal, () => privatePem(generateKeyPairSync('x25519').privateKey));
  trusted.set('policy-seal.pub.pem', publicOf(seal));
  trusted.set('sealing.pub.pem', makeSealingKeys(dir));
  for (const service of CORE_SERVICES) {
    writeOnce(path.join(dir, service, 'parking.key'), () => randomBytes(32));
    for (const [name, pem] of trusted) write(path.join(dir, service, 'trusted', name), pem);
  }
  writeOnce(path.join(dir, 'gateway', 'session.key'), () => randomBytes(32));
}

/** One key of each kind for all who seal, and for all who open. Gives the public half. */
function makeSealingKeys(dir: string): string {
  const shared = (name: string, services: readonly string[], make: () => string | Buffer): string => {
    const files = services.map((service) => path.join(dir, service, name));
    const there = files.find((file) => fs.existsSync(file));
    const key = there ? fs.readFileSync(there) : make();
    for (const file of files) writeOnce(file, () => key);
    return files[0]!;
  };
  shared('sealing-hash.key', SEALERS, () => randomBytes(32));
  return publicOf(shared('sealing.pem', OPENERS, () => privatePem(generateKeyPairSync('x25519').privateKey)));
}

/** Makes the executor's credentials for helpdesk, a bearer token per tenant: `<dir>/helpdesk/<tenant>.token`. */
export function makeCredentials(dir: string): void {
  for (const tenant of TENANTS) {
    writeOnce(tokenFile(dir, tenant), () => randomBytes(24).toString('base64url'));
  }
}

const tokenFile = (dir: string, tenant: string): string => path.join(dir, 'helpdesk', `${tenant}.token`);

export const helpdeskToken = (dir: string, tenant: string): string =>
  fs.readFileSync(tokenFile(dir, tenant), 'utf8').trim();

/** A password per service, and one for the owner of the tables, derived from one secret of the data folder. */
export function databasePasswords(dir: string): Record<string, string> {
  const file = path.join(dir, 'master.key');
  writeOnce(file, () => randomBytes(32));
  const master = fs.readFileSync(file);
  const derive = (name: string): string => createHmac('sha256', master).update(`database/${name}`).digest('base64url');
  return Object.fromEntries(['owner', ...SERVICES].map((name) => [name, derive(name)]));
}

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { KeyRing, Signer } from './jws.js';

/** `<dir>/sign.pem`: this service's own Ed25519 key. */
export function loadSigner(dir: string): Signer {
  return Signer.fromPem(readFileSync(path.join(dir, 'sign.pem'), 'utf8'));
}

const SEALING = /(^|-)seal(ing)?$/;

/** `<dir>/trusted/<owner>.pub.pem`, or `<owner>.<n>.pub.pem` while keys overlap. Sealing keys are not signing keys. */
export function loadKeyRing(dir: string): KeyRing {
  const ring = new KeyRing();
  const trusted = path.join(dir, 'trusted');
  for (const file of readdirSync(trusted).sort()) {
    const owner = /^([a-z-]+)(?:\.\w+)?\.pub\.pem$/.exec(file)?.[1];
    if (owner && !SEALING.test(owner)) ring.add(owner, readFileSync(path.join(trusted, file), 'utf8'));
  }
  return ring;
}

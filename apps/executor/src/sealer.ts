import { createHmac, hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { jcs, type Json, type Sealed } from '@countersign/contracts';
import type { HiddenClass, Seal } from '@countersign/tool-sdk';

const TOKEN_LENGTH = 22;

/**
 * Hides values of class `personal` and up behind a token: keyed per tenant, so the same value of a tenant has the same
 * token and no value can be guessed from it without the key. The key is derived from the service's own key file.
 */
export class Sealer {
  private readonly keys = new Map<string, Buffer>();

  constructor(private readonly secret: Buffer) {
    if (secret.length < 32) throw new Error('the key that seals must have at least 32 bytes; generate it anew');
  }

  static fromKeysDir(dir: string): Sealer {
    return new Sealer(readFileSync(path.join(dir, 'parking.key')));
  }

  sealFor(tenant: string): Seal {
    const key = this.keyOf(tenant);
    return (value, dataClass) => sealed(key, value, dataClass);
  }

  private keyOf(tenant: string): Buffer {
    let key = this.keys.get(tenant);
    if (!key) {
      key = Buffer.from(hkdfSync('sha256', this.secret, 'countersign/v1', `seal-token/${tenant}`, 32));
      this.keys.set(tenant, key);
    }
    return key;
  }
}

function sealed(key: Buffer, value: Json, dataClass: HiddenClass): Sealed {
  const text = typeof value === 'string' ? value : jcs(value);
  const token = createHmac('sha256', key).update(text).digest('base64url').slice(0, TOKEN_LENGTH);
  return { $sealed: { token: `tok_${token}`, class: dataClass } };
}

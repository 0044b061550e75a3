import type { KeyObject } from 'node:crypto';
import type { Json } from '@countersign/contracts';
import { openBox, privateFrom } from './box.js';
import { asked, type SealingSql } from './sealing-sql.js';

/** Opens sealed values. Of executor, approval and audit alone: nobody else has the key, nor the right to ask. */
export interface Opener {
  /**
   * What tokens of a tenant stand for. A token that is unknown, or whose data subject was erased, is not among them.
   *
   * @throws SealingUnavailable
   */
  open(tenant: string, tokens: readonly string[]): Promise<Map<string, Json>>;
}

interface Row {
  token: string;
  subject: string;
  box: string;
  public_key: string;
  private_key: string;
}

const OPEN = 'select token, subject, box, public_key, private_key from sealing.open($1, $2)';

/** @param key the private key that `loadOpeningKey` reads */
export function sealOpener(sql: () => SealingSql, key: KeyObject): Opener {
  return {
    open: async (tenant, tokens) => {
      if (tokens.length === 0) return new Map();
      const rows = await asked<Row>(sql(), 'open-sealed', OPEN, [tenant, [...new Set(tokens)]]);
      return new Map(rows.map((row) => [row.token, valueOf(row, tenant, key)]));
    },
  };
}

function valueOf({ token, subject, box, public_key, private_key }: Row, tenant: string, key: KeyObject): Json {
  const raw = openBox(key, private_key, keyContext(tenant, subject, public_key));
  const subjectKey = privateFrom(raw, Buffer.from(public_key, 'base64url'));
  return JSON.parse(openBox(subjectKey, box, valueContext(tenant, subject, token)).toString('utf8')) as Json;
}

export const keyContext = (tenant: string, subject: string, publicKey: string) => ['key', tenant, subject, publicKey];
export const valueContext = (tenant: string, subject: string, token: string) => ['value', tenant, subject, token];

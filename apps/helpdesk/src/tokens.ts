import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Tenants made for evals: nobody else is called so. */
export const FIXTURE_TENANT = /^eval-[a-z0-9-]{1,60}$/;

/** Which tenant a bearer token speaks for; undefined for a token nobody was given. */
export type TenantOf = (token: string) => string | undefined;

const hash = (token: string) => createHash('sha256').update(token).digest('hex');

/** Looked up by hash, so that the time taken says nothing about a token. */
export function tenantsByToken(tokens: Record<string, string>): TenantOf {
  const tenants = new Map(Object.entries(tokens).map(([tenant, token]) => [hash(token), tenant]));
  return (token) => tenants.get(hash(token));
}

/** Reads `<dir>/helpdesk/<tenant>.token`. */
export function readTokens(dir: string): Record<string, string> {
  const folder = join(dir, 'helpdesk');
  const tokens: Record<string, string> = {};
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.token'))) {
    if (/^eval[-.]/.test(file))
      throw new Error(`${file}: tenants called eval and eval-… are those of evals; name it otherwise.`);
    const token = readFileSync(join(folder, file), 'utf8').trim();
    if (token.length < 16) throw new Error(`${file}: a token has at least 16 characters; write a random one.`);
    tokens[file.slice(0, -'.token'.length)] = token;
  }
  if (Object.keys(tokens).length === 0) throw new Error(`No <tenant>.token file in ${folder}; write one per tenant.`);
  return tokens;
}

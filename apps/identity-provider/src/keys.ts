import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const keysSchema = z.strictObject({
  jwks: z.strictObject({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string() })).min(1) }),
  cookies: z.array(z.string().min(16)).min(1),
});
export type Keys = z.infer<typeof keysSchema>;

function generate(): Keys {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = {
    ...privateKey.export({ format: 'jwk' }),
    kty: 'RSA',
    kid: randomBytes(9).toString('base64url'),
    use: 'sig',
    alg: 'RS256',
  };
  return { jwks: { keys: [jwk] }, cookies: [randomBytes(24).toString('base64url')] };
}

/** Kept in `dir` when there is one, so that a token outlives a crash of the provider. */
export function loadKeys(dir: string | undefined): Keys {
  if (!dir) return generate();
  const file = join(dir, 'identity-keys.json');
  if (existsSync(file)) return keysSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  const keys = generate();
  mkdirSync(dir, { recursive: true });
  // Renamed into place: a crash in the middle of the write would leave half a key and lock everybody out.
  writeFileSync(`${file}.new`, JSON.stringify(keys), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return keys;
}

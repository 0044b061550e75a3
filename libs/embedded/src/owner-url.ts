import fs from 'node:fs';
import path from 'node:path';
import { OWNED, urlFor } from './databases.js';
import { databasePasswords } from './system-keys.js';

/**
 * The owner's URL of the embedded PostgreSQL that runs from a data folder, for who may read its secrets; undefined if none ever did.
 * It owns the tables and is no superuser.
 */
export function embeddedOwnerUrl(dataDir: string): string | undefined {
  const [ports, secrets] = [path.join(dataDir, 'ports.json'), path.join(dataDir, 'secrets')];
  if (!fs.existsSync(ports) || !fs.existsSync(secrets)) return undefined;
  const { postgres } = JSON.parse(fs.readFileSync(ports, 'utf8')) as { postgres: number };
  const { owner } = databasePasswords(secrets);
  return urlFor(`postgres://127.0.0.1:${postgres}`, { database: OWNED, role: OWNED, password: owner! });
}

// For containers, where no supervisor makes what services need beforehand:
//   node libs/embedded/dist/prepare.js secrets DIR      keys, credentials and passwords, and each service's database URL, once
//   node libs/embedded/dist/prepare.js databases DIR    helpdesk's database, beside that of the product
//   node libs/embedded/dist/prepare.js stages           once all is up: the stage of workflows that nobody set one for
import fs from 'node:fs';
import path from 'node:path';
import { ownedDatabase, urlFor } from './databases.js';
import { CORE_SERVICES } from './service-catalog.js';
import { publishStages } from './stages.js';
import { databasePasswords, makeCredentials, makeKeys } from './system-keys.js';

const DATABASE = 'countersign';
const HELPDESK = 'countersign_helpdesk';

/**
 * `<dir>/<service>` is all that one service is given; `<dir>/migrator` the owner's. Addresses are those of the compose file.
 *
 * @param server where PostgreSQL answers: `host:port`
 */
export function prepareSecrets(dir: string, server: string): void {
  makeKeys(dir);
  makeCredentials(path.join(dir, 'credentials'));
  const passwords = databasePasswords(dir);
  const write = (file: string, text: string): void => {
    fs.mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
    fs.writeFileSync(path.join(dir, file), text, { mode: 0o600 });
  };
  const url = (database: string, role: string, name: string): string =>
    urlFor(`postgres://${server}/`, { database, role, password: passwords[name]! });
  for (const service of CORE_SERVICES) {
    write(`${service}/database-url`, url(DATABASE, `${DATABASE}_${service}`, service));
  }
  write('helpdesk/database-url', url(HELPDESK, HELPDESK, 'helpdesk'));
  write('migrator/database-url', url(DATABASE, DATABASE, 'owner'));
  write('migrator/passwords.json', JSON.stringify(passwords));
  write('postgres/password', passwords['owner']!);
}

async function prepareDatabases(dir: string): Promise<void> {
  const admin = fs.readFileSync(path.join(dir, 'migrator/database-url'), 'utf8');
  const password = databasePasswords(dir)['helpdesk']!;
  await ownedDatabase({ admin, database: HELPDESK, role: HELPDESK, password });
}

const [, script, command, dir = ''] = process.argv;
if (script === import.meta.filename) {
  if (command === 'secrets') prepareSecrets(dir, process.env['POSTGRES_SERVER'] ?? 'postgres:5432');
  else if (command === 'databases') await prepareDatabases(dir);
  else if (command === 'stages') {
    const { GATEWAY_URL = 'http://gateway:8080', IDENTITY_URL = 'http://identity:8080' } = process.env;
    await publishStages({ gateway: GATEWAY_URL, identity: IDENTITY_URL });
  } else {
    console.error('usage: prepare.js secrets DIR|databases DIR|stages');
    process.exitCode = 2;
  }
}

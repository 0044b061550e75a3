// What the product is made of that others wrote: under which licence, in a list for machines, and what is known against it.
//   npm run supply                       licences and advisories; with --out FILE the list too
//   npm run supply -- licences           3 when one is not allowed (a step of the gate)
//   npm run supply -- sbom --out FILE    CycloneDX 1.5: what npm installed, the jars of the embedded Kafka, what PostgreSQL brings
//   npm run supply -- advisories         what npm's registry knows; never a failure
//   npm run supply -- jars               asks Maven anew for deploy/kafka/bom.json, after a change of its pom.xml
import path from 'node:path';
import { parseArgs } from 'node:util';
import { advisories } from './supply/advisories.mjs';
import { renewJars } from './supply/jars.mjs';
import { licences } from './supply/licences.mjs';
import { sbom } from './supply/sbom.mjs';

const PARTS = { licences, sbom, advisories, jars: renewJars };
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string' }, root: { type: 'string' } },
});
const root = path.resolve(values.root ?? path.join(import.meta.dirname, '..'));
const usual = values.out ? ['licences', 'sbom', 'advisories'] : ['licences', 'advisories'];
const chosen = positionals.length > 0 ? positionals : usual;
const unknown = chosen.filter((name) => !PARTS[name]);
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}`);
  process.exit(2);
}
for (const name of chosen) process.exitCode = Math.max(process.exitCode ?? 0, PARTS[name](root, values));

// The jars of the embedded Kafka, as Maven named them: deploy/kafka/bom.json, kept, since to ask takes Maven and a network.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const PLUGIN = 'org.cyclonedx:cyclonedx-maven-plugin:2.9.1:makeBom';
const SAYS = ['-DoutputFormat=json', '-DschemaVersion=1.5', '-DincludeBomSerialNumber=false'];
/** Names in poms that are no SPDX id. */
const NAMED = { 'Go License': 'BSD-3-Clause' };
const OF_POM = 'countersign:sha256-of-pom.xml';

const pomFile = (root) => path.join(root, 'deploy/kafka/pom.xml');
const bomFile = (root) => path.join(root, 'deploy/kafka/bom.json');
const digestOfPom = (root) =>
  createHash('sha256')
    .update(fs.readFileSync(pomFile(root)))
    .digest('hex');

export const jarsBom = (root) => JSON.parse(fs.readFileSync(bomFile(root), 'utf8'));

/** Of several licences each must be allowed: poms do not say whether one may choose. */
export const jars = (root) =>
  jarsBom(root).components.map(({ group, name, version, licenses }) => ({
    name: `${group}:${name}`,
    version,
    licence: licenses?.map(({ license }) => license.id ?? license.name).join(' AND '),
  }));

export function jarsFlaw(root) {
  const made = jarsBom(root).metadata.properties.find(({ name }) => name === OF_POM)?.value;
  if (made === digestOfPom(root)) return undefined;
  return 'deploy/kafka/pom.xml has changed since deploy/kafka/bom.json was made: npm run supply -- jars';
}

export function renewJars(root) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'jars-'));
  try {
    fs.copyFileSync(pomFile(root), path.join(folder, 'pom.xml'));
    const { error, status } = spawnSync('mvn', ['-q', '-B', '-Dstyle.color=never', PLUGIN, ...SAYS], {
      cwd: folder,
      stdio: ['ignore', 2, 2],
    });
    if (error || status !== 0) {
      console.error('Maven did not name the jars: install it (Debian: apt install maven), check the network');
      return 2;
    }
    const bom = short(JSON.parse(fs.readFileSync(path.join(folder, 'target/bom.json'), 'utf8')), digestOfPom(root));
    fs.writeFileSync(bomFile(root), `${JSON.stringify(bom, null, 2)}\n`);
    console.log(`jars: ${bom.components.length} in deploy/kafka/bom.json`);
    return 0;
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** What changes with each run is left out, and all but one of eight hashes. */
function short({ bomFormat, specVersion, version, metadata, components, dependencies }, digest) {
  return {
    bomFormat,
    specVersion,
    version,
    metadata: { component: metadata.component, properties: [{ name: OF_POM, value: digest }] },
    components: components.map(({ type, group, name, version: of, purl, hashes, licenses, ...component }) => ({
      type,
      'bom-ref': component['bom-ref'],
      group,
      name,
      version: of,
      hashes: hashes.filter(({ alg }) => alg === 'SHA-256'),
      licenses: licenses?.map(({ license }) => ({ license: named(license) })),
      purl,
    })),
    dependencies,
  };
}

function named({ id, name }) {
  const known = id ?? NAMED[name];
  return known ? { id: known } : { name };
}

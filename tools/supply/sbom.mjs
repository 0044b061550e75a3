import fs from 'node:fs';
import { jarsBom } from './jars.mjs';
import { jsonOf, npm, wordsOf } from './npm.mjs';
import { postgresql, postgresqlPackage } from './postgresql.mjs';

/** Writes what npm installed, as npm says it, with what npm does not know of; nothing is asked of a network. */
export function sbom(root, { out }) {
  if (!out) {
    console.error('Where to? npm run supply -- sbom --out FILE');
    return 2;
  }
  const said = npm(root, ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application']);
  const bom = jsonOf(said.stdout);
  if (!bom?.components) {
    console.error(`npm sbom did not answer (${wordsOf(said)}): npm ci, and again`);
    return 2;
  }
  const kafka = jarsBom(root);
  bom.metadata.component.name = bom.metadata.component['bom-ref'].replace(/@[^@]*$/, '');
  withPartsOfPostgresql(root, bom.components);
  bom.components.push(...kafka.components);
  const [{ dependsOn }] = kafka.dependencies.filter(({ ref }) => ref === kafka.metadata.component['bom-ref']);
  const [top] = bom.dependencies.filter(({ ref }) => ref === bom.metadata.component['bom-ref']);
  top.dependsOn.push(...dependsOn);
  const refs = new Set(kafka.components.map((component) => component['bom-ref']));
  bom.dependencies.push(...kafka.dependencies.filter(({ ref }) => refs.has(ref)));
  fs.writeFileSync(out, `${JSON.stringify(bom, null, 2)}\n`);
  console.log(`sbom: ${bom.components.length} components, CycloneDX ${bom.specVersion}, in ${out}`);
  return 0;
}

function withPartsOfPostgresql(root, components) {
  const there = postgresqlPackage(root);
  if (!there) return;
  const holder = components.find((component) => component['bom-ref'] === `${there.name}@${there.version}`);
  holder.components = postgresql(root).map(({ name, version, licence }) => ({
    type: 'library',
    'bom-ref': `${holder['bom-ref']}/${name}@${version}`,
    name,
    version,
    licenses: [{ expression: licence }],
  }));
}

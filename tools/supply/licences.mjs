import fs from 'node:fs';
import path from 'node:path';
import { exceptionFor, isAllowed } from './allowed.mjs';
import { jars, jarsFlaw } from './jars.mjs';
import { postgresql, postgresqlFlaw } from './postgresql.mjs';

const read = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));

/** What is installed says it itself; for another platform's, the lock file says it. */
function ofNpm(root) {
  const { packages } = read(path.join(root, 'package-lock.json'));
  const own = ([at, entry]) => !at.includes('node_modules/') || entry.link;
  return Object.entries(packages)
    .filter((one) => !own(one))
    .map(([at, entry]) => {
      const file = path.join(root, at, 'package.json');
      const said = fs.existsSync(file) ? licenceOf(read(file)) : entry.license;
      const name = entry.name ?? at.slice(at.lastIndexOf('node_modules/') + 'node_modules/'.length);
      return { name, version: entry.version, licence: said, dev: entry.dev, from: at };
    });
}

/** Old packages have an object, or a list to choose from. */
function licenceOf({ license, licenses }) {
  if (typeof license === 'string') return license;
  return license?.type ?? licenses?.map?.(({ type }) => type).join(' OR ');
}

const ofKafka = (root) => jars(root).map((jar) => ({ ...jar, from: 'deploy/kafka/bom.json' }));
const ofPostgresql = (root) => postgresql(root).map((part) => ({ ...part, from: 'PostgreSQL for npm' }));

const flawOf = ({ name, version, licence, from }) =>
  `${name}@${version} (${from}): ${licence ? `its licence ${licence} is not allowed` : 'it names no licence'}. ` +
  'Do without it; or read the licence and add it, or an exception with its reason, to tools/supply/allowed.mjs';

/** Says what is not allowed; the exit code: 3 if anything. */
export function licences(root) {
  const [npm, kafka, engine] = [ofNpm(root), ofKafka(root), ofPostgresql(root)];
  const all = [...npm, ...kafka, ...engine];
  const refused = all.filter((one) => !isAllowed(one));
  const excepted = refused.filter(exceptionFor);
  const stale = [jarsFlaw(root), postgresqlFlaw(root)].filter(Boolean);
  const flaws = [...refused.filter((one) => !exceptionFor(one)).map(flawOf), ...stale];
  for (const flaw of flaws) console.error(flaw);
  console.log(
    `licences: ${npm.length} packages of npm, ${kafka.length} jars of Kafka, ${engine.length} parts of PostgreSQL: ` +
      `${flaws.length} not allowed, ${excepted.length} by exception`,
  );
  return flaws.length > 0 ? 3 : 0;
}

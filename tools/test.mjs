// The gate: everything that must hold before a change is taken, counted. `npm test` runs all of it, `npm test -- unit lint` some of it.
// Its last line on stdout is `N passed, N failed`; it exits 1 when something failed or nothing ran, 2 without Java or Maven.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { build } from './build.mjs';

const root = path.resolve(import.meta.dirname, '..');
process.chdir(root);
const node = (...args) => run(args, 'shown');
/** What goes beside something else prints once it has ended. */
const nodeBeside = (...args) => run(args, 'kept');
/** Each needs one core and no engine, as the unit tests do. */
const BESIDE_UNIT = ['format', 'lint', 'licences', 'fences', 'docs'];
const counts = { passed: 0, failed: 0 };

const STEPS = {
  build: async () => whole(await build(root)),
  format: async () =>
    whole(await nodeBeside('node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.')),
  lint: async () =>
    whole(
      await nodeBeside('node_modules/nx/dist/bin/nx.js', 'run', '@countersign/workspace:lint', '--outputStyle=static'),
    ),
  licences: async () => whole(await nodeBeside('tools/supply.mjs', 'licences')),
  fences: () => counted('fences', (file) => nodeBeside('tools/fences.mjs', file)),
  docs: () => counted('docs', (file) => nodeBeside('tools/docs.mjs', '--check', file)),
  unit: () => jest('unit'),
  int: () => jest('int'),
  e2e: () => jest('e2e'),
};
const NEED_ENGINES = ['int', 'e2e'];

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !STEPS[name]);
if (unknown.length > 0) {
  process.stderr.write(`unknown: ${unknown.join(', ')}; there are ${Object.keys(STEPS).join(', ')}\n`);
  process.exit(2);
}
const began = Date.now();
const steps = chosen.length > 0 ? chosen : Object.keys(STEPS);
if (steps.includes('build')) await step('build');
// Asked as soon as the code that asks has been built.
if (steps.some((name) => NEED_ENGINES.includes(name))) await requireEngines();
const among = (names) => steps.filter((name) => names.includes(name));
await Promise.all([inTurn(among(BESIDE_UNIT)), inTurn(among(['unit']))]);
await inTurn(among(NEED_ENGINES));
process.stderr.write(`  all ${seconds(began)}\n`);
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0;

async function inTurn(names) {
  for (const name of names) await step(name);
}

async function step(name) {
  const start = Date.now();
  process.stderr.write(`  ${name} ...\n`);
  const { passed, failed } = await STEPS[name]();
  counts.passed += passed;
  counts.failed += failed;
  process.stderr.write(`  ${name} ${seconds(start)}: ${passed} passed, ${failed} failed\n`);
}

/** What these suites run on must be on the machine: without it they have not failed, they can't be run. */
async function requireEngines() {
  const built = path.join(root, 'libs/embedded/dist/index.js');
  if (!fs.existsSync(built)) return; // the build has failed and is counted
  const { MissingPrerequisite, requirePrerequisites } = await import(built);
  try {
    requirePrerequisites();
  } catch (error) {
    if (!(error instanceof MissingPrerequisite)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
}

/** A step that is one check. */
function whole(ok) {
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
}

function jest(kind) {
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const what = ['-c', `jest.${kind}.config.mjs`, '--passWithNoTests', '--json'];
  return counted(`jest-${kind}`, (file) =>
    node(...flags, 'node_modules/jest/bin/jest.js', ...what, `--outputFile=${file}`),
  );
}

/** A step that writes its counts to a file, as Jest does. A step that fails without a failed test counts as one. */
async function counted(name, work) {
  const file = path.join(root, '.countersign', `${name}.json`);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.rmSync(file, { force: true });
  const ok = await work(file);
  const result = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
  const { numPassedTests = 0, numFailedTests = 0, numRuntimeErrorTestSuites = 0 } = result;
  const failed = numFailedTests + numRuntimeErrorTestSuites;
  return { passed: numPassedTests, failed: failed === 0 && !ok ? 1 : failed };
}

/** Everything it prints goes to stderr. */
function run(args, output) {
  return new Promise((resolve, reject) => {
    const stdio = output === 'shown' ? ['ignore', 2, 2] : ['ignore', 'pipe', 'pipe'];
    const child = spawn(process.execPath, args, { stdio });
    const printed = [];
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => printed.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      process.stderr.write(Buffer.concat(printed));
      resolve(code === 0);
    });
  });
}

function seconds(since) {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}

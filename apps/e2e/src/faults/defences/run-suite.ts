import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../hooks/rewriting.js';
import type { Evals, Specs, Suite } from './suite.js';

/** What a suite said: what failed in it, what held beside that, or why it could not be run. */
export interface Said {
  failed: string[];
  held: number;
  broken?: string;
}

const hook = (name: string) => path.resolve(import.meta.dirname, `../hooks/${name}.js`);
/** It goes on to the processes that a process starts, as far as they are given `NODE_OPTIONS`. */
export const hooksWithout = (name = '') =>
  `--import=${pathToFileURL(hook('without')).href}?without=${encodeURIComponent(name)}`;

/** Where the engines are, and what is taken out, if anything is. */
export interface Given {
  engines: NodeJS.ProcessEnv;
  without?: string;
}

/** Runs suites of one kind, as they are built. */
export async function runSuites(suites: readonly Suite[], given: Given): Promise<Said> {
  const specs = suites.filter((one) => one.suite !== 'simulation' && one.suite !== 'evals');
  if (specs.length > 0) return runSpecs(specs, given);
  const evals = suites.filter((one) => one.suite === 'evals');
  if (evals.length > 0) return runEvals(evals, given);
  const simulations = suites.filter((one) => one.suite === 'simulation');
  return simulate(Math.max(...simulations.map(({ histories }) => histories)), given);
}

async function runSpecs(specs: readonly Specs[], given: Given): Promise<Said> {
  const report = path.join(fs.mkdtempSync(path.join(tmpdir(), 'countersign-prove-')), 'report.json');
  try {
    const jest = path.join(ROOT, 'node_modules/jest/bin/jest.js');
    const asked = specs.flatMap(({ fails, holds }) => (holds ? [fails, holds] : []));
    const { code, text } = await run(
      ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jest, '--config', JSON.stringify(CONFIG)],
      ['--runTestsByPath', ...new Set(specs.map(({ file }) => file)), '--json', '--outputFile', report, '--silent'],
      [...(asked.length > 0 ? ['-t', asked.map(literally).join('|')] : [])],
      given,
    );
    if (!fs.existsSync(report)) return { failed: [], held: 0, broken: `jest ended with ${code}: ${text.slice(-500)}` };
    return saidIn(JSON.parse(fs.readFileSync(report, 'utf8')) as JestReport);
  } finally {
    fs.rmSync(path.dirname(report), { recursive: true, force: true });
  }
}

/** Built specs as they are, but for what is taken out of them. */
const CONFIG = {
  rootDir: ROOT,
  testMatch: ['**/dist/**/*.spec.js'],
  testEnvironment: 'node',
  transform: { '\\.js$': hook('jest-without') },
  transformIgnorePatterns: ['/node_modules/'],
  testTimeout: 30_000,
  maxWorkers: 1,
};

const literally = (text: string) => text.replaceAll(/[^\w ]/g, '\\$&');

interface JestReport {
  testResults: {
    name: string;
    message: string;
    assertionResults: { fullName: string; status: string }[];
  }[];
}

function saidIn({ testResults }: JestReport): Said {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const of = (status: string) => tests.filter((test) => test.status === status).map(({ fullName }) => fullName);
  const unread = testResults.find(({ assertionResults }) => assertionResults.length === 0);
  const broken = unread ? { broken: `${path.relative(ROOT, unread.name)}: ${unread.message.slice(0, 500)}` } : {};
  return { failed: of('failed'), held: of('passed').length, ...broken };
}

const RUNNER = 'apps/evals/dist/main.js';

interface EvalReport {
  results: { title: string; verdict: 'pass' | 'fail' | 'error' | 'skip'; attempts: { problems: string[] }[] }[];
}

/** An error is no catch: nobody knows what that case would have said. */
async function runEvals(evals: readonly Evals[], given: Given): Promise<Said> {
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'countersign-prove-'));
  const report = path.join(folder, 'report.json');
  try {
    const titles = new Set(evals.flatMap(({ fails, holds }) => [fails, holds]));
    const asked = [...titles].flatMap((title) => ['--case', title]);
    const more = { ...given, engines: { ...given.engines, DATABASE_URL: given.engines['COUNTERSIGN_TEST_POSTGRES'] } };
    const written = evals.every(({ file }) => file) ? ['--no-boundary'] : [];
    const { code, text } = await run([path.join(ROOT, RUNNER)], ['--report', report, ...written], asked, more);
    if (!fs.existsSync(report)) return { failed: [], held: 0, broken: `it ended with ${code}: ${text.slice(-500)}` };
    const { results } = JSON.parse(fs.readFileSync(report, 'utf8')) as EvalReport;
    const of = (verdict: string) => results.filter((one) => one.verdict === verdict);
    const missing = [...titles].find((title) => !results.some((one) => one.title === title));
    if (missing) return { failed: [], held: 0, broken: `there is no case "${missing}"` };
    const [odd] = results.filter(({ verdict }) => verdict !== 'pass' && verdict !== 'fail');
    const broken = odd ? { broken: `${odd.title}: ${odd.attempts[0]?.problems.join('; ') ?? odd.verdict}` } : {};
    return { failed: of('fail').map(({ title }) => title), held: of('pass').length, ...broken };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

const SIMULATION = 'apps/simulation/dist/main.js';
const EXIT_FLAW = 3;

async function simulate(histories: number, given: Given): Promise<Said> {
  const argv = ['--seeds', `1-${histories}`, '--first'];
  const { code, text } = await run([path.join(ROOT, SIMULATION)], argv, [], given);
  if (code === 0) return { failed: [], held: histories };
  const flaw = /^seed (\d+).*\n {2}- (.*)$/m.exec(text);
  if (code !== EXIT_FLAW || !flaw) return { failed: [], held: 0, broken: `it ended with ${code}: ${text.slice(-500)}` };
  const [, seed, what] = flaw;
  return { failed: [`seed ${seed}: ${what}`], held: Number(seed) - 1 };
}

async function run(node: string[], args: string[], more: string[], { engines, without }: Given) {
  const child = spawn(process.execPath, [...node, ...args, ...more], {
    cwd: ROOT,
    env: {
      ...process.env,
      ...engines,
      ...(without ? { COUNTERSIGN_WITHOUT: without, NODE_OPTIONS: hooksWithout(without) } : {}),
      CI: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, text };
}

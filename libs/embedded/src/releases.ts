/*
 * The releases of a start: what is loaded may act once its cases have passed here. What it guarantees:
 * 1. The runner judges, as in a pipeline; what it did not pass stays unreleased, and whoever starts the system is told.
 * 2. A run is used again while nothing that could change its outcome has changed: the fingerprint, the cases, a built file of ours.
 * 3. What is in force already is not released once more.
 * 4. A package whose cases cannot be run, or that has none, keeps no other from its release.
 * 5. What became of each case is told to the gateway, whether it released anything or not.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { JsonObject } from '@countersign/contracts';
import { runOfWorkflow, signRun, type RunReport, type WorkflowReport } from '@countersign/evals';
import { silentLog, writeControl } from '@countersign/messaging';
import { loadSigner } from '@countersign/signing';
import { devToken } from './dev-token.js';
import { StartFailed } from './errors.js';
import type { KafkaConnection } from './kafka-connection.js';
import { cacheDir, repoRoot } from './repo-root.js';

export interface ReleasedSystem {
  gateway: string;
  identity: string;
  /** Of who may write to the topic of control. */
  kafka: KafkaConnection;
  topicPrefix: string;
  /** Of the folder that holds the release key, as `sign.pem`. */
  keysDir: string;
  /** What the services are told of workflows and model, and an owner of databases. */
  env: Record<string, string>;
  /** Told what the runner says as it goes on. */
  onProgress?: (line: string) => void;
}

interface Loaded {
  name: string;
  fingerprint: string;
  release: { current: string } | null;
}

/**
 * Runs the cases of what is loaded and not released yet, and releases what passed. Answers in a line for each workflow that did not.
 *
 * @throws StartFailed when the gateway or the broker does not answer
 */
export async function publishReleases(system: ReleasedSystem): Promise<string[]> {
  const due = (await loadedIn(system)).filter(({ fingerprint, release }) => release?.current !== fingerprint);
  if (due.length === 0) return [];
  const kept = keptRun(system, due);
  if (kept && (await release(system, due, kept)).length === 0) return [];
  const run = await runCases(system);
  return run || due.length === 1 ? released(system, due, run) : eachAlone(system, due);
}

/** Guarantee 4. */
async function eachAlone(system: ReleasedSystem, due: Loaded[]): Promise<string[]> {
  const unreleased: string[] = [];
  for (const one of due) unreleased.push(...(await released(system, [one], await runCases(system, one.name))));
  return unreleased;
}

function released(system: ReleasedSystem, due: Loaded[], run: RunReport | undefined): Promise<string[]> {
  if (run) keep(system, due, run);
  return release(system, due, run);
}

async function loadedIn({ gateway, identity }: ReleasedSystem): Promise<Loaded[]> {
  const headers = { authorization: `Bearer ${await devToken(identity, 'ruth')}` };
  const answer = await fetch(`${gateway}/v1/workflows`, { headers });
  if (!answer.ok) throw new StartFailed(`GET /v1/workflows answered ${answer.status}: ${await answer.text()}`);
  return ((await answer.json()) as { data: Loaded[] }).data;
}

async function release(system: ReleasedSystem, due: Loaded[], run: RunReport | undefined): Promise<string[]> {
  const signed = run && signRun(run, loadSigner(system.keysDir));
  const said = await Promise.all(
    due.map(async ({ name, fingerprint }) => {
      const report = signed?.workflows.find((each) => each.workflow === name && each.fingerprint === fingerprint);
      if (report) await tellRun(system, runOfWorkflow(signed!, name));
      if (!report?.release) return whyNot(name, report);
      return publish(system, name, report.release as unknown as JsonObject);
    }),
  );
  return said.filter((line) => line !== undefined);
}

/** Guarantee 5. */
async function tellRun({ gateway, identity }: ReleasedSystem, run: RunReport): Promise<void> {
  const headers = { authorization: `Bearer ${await devToken(identity, 'ruth')}`, 'content-type': 'application/json' };
  const answer = await fetch(`${gateway}/v1/evals/runs`, { method: 'POST', headers, body: JSON.stringify(run) });
  if (!answer.ok) throw new StartFailed(`POST /v1/evals/runs answered ${answer.status}: ${await answer.text()}`);
}

function whyNot(name: string, report: WorkflowReport | undefined): string {
  const because = report
    ? `of its cases ${report.counts.failed} failed, ${report.counts.errors} could not be judged, ${report.counts.passed} passed`
    : 'its cases could not be run';
  return `${name} is not released, so it only reads: ${because}. \`npx countersign evals run --workflow ${name}\` says why.`;
}

async function publish(
  { kafka, topicPrefix }: ReleasedSystem,
  name: string,
  value: JsonObject,
): Promise<string | undefined> {
  const writing = { kafka, prefix: topicPrefix, log: silentLog, source: '/embedded/start' };
  const verdict = await writeControl(writing, `release/workflow/${name}`, value);
  switch (verdict.tag) {
    case 'in-force':
      return undefined;
    case 'refused':
      return `${name} is not released, so it only reads: ${verdict.detail}. ${verdict.nextStep}`;
    case 'not-in-time':
      return `${name} is not released yet, so it only reads: no word of ${verdict.waitsFor.join(' and ')}.`;
    default:
      return verdict satisfies never;
  }
}

const RUNNER = 'apps/evals/dist/main.js';

/** Undefined where the runner got no further than to say why, which it has. */
async function runCases({ env, onProgress }: ReleasedSystem, workflow?: string): Promise<RunReport | undefined> {
  const chosen = workflow === undefined ? [] : ['--workflow', workflow];
  const folder = fs.mkdtempSync(path.join(runsDir(), 'run-'));
  const file = path.join(folder, 'report.json');
  try {
    const child = spawn(process.execPath, [path.join(repoRoot(), RUNNER), '--report', file, ...chosen], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    createInterface({ input: child.stderr }).on('line', (line) => onProgress?.(line));
    await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    return fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, 'utf8')) as RunReport) : undefined;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function runsDir(): string {
  const folder = path.join(cacheDir(), 'evals');
  fs.mkdirSync(folder, { recursive: true });
  return folder;
}

/** Guarantee 2. */
function keptRun(system: ReleasedSystem, due: Loaded[]): RunReport | undefined {
  const file = fileOf(system, due);
  return fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, 'utf8')) as RunReport) : undefined;
}

const MAX_KEPT = 8;

function keep(system: ReleasedSystem, due: Loaded[], run: RunReport): void {
  if (run.verdict !== 'pass') return;
  fs.writeFileSync(fileOf(system, due), JSON.stringify(run));
  const kept = fs.readdirSync(runsDir(), { withFileTypes: true }).filter((entry) => entry.isFile());
  const files = kept.map(({ name }) => path.join(runsDir(), name));
  const age = new Map(files.map((file) => [file, fs.statSync(file).mtimeMs]));
  files.sort((a, b) => age.get(b)! - age.get(a)!);
  for (const file of files.slice(MAX_KEPT)) fs.rmSync(file, { force: true });
}

const fileOf = (system: ReleasedSystem, due: Loaded[]): string => path.join(runsDir(), `${stampOf(system, due)}.json`);

function stampOf({ env }: ReleasedSystem, due: Loaded[]): string {
  const hash = createHash('sha256');
  for (const { name, fingerprint } of due) hash.update(`${name} ${fingerprint}\n`);
  hash.update(`${env['COUNTERSIGN_WORKFLOWS']}\n`);
  const root = repoRoot();
  const packages = (env['COUNTERSIGN_WORKFLOWS'] ?? '').split(',').filter((name) => /^[./]/.test(name));
  for (const folder of [...packages, path.join(root, 'apps'), path.join(root, 'libs')]) stamp(hash, folder);
  return hash.digest('hex').slice(0, 32);
}

const LOOKED_INTO = /^(?!node_modules$|src$|\.)/;

/** Built files and cases, by name, size and time of change. */
function stamp(hash: ReturnType<typeof createHash>, folder: string): void {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory() && LOOKED_INTO.test(entry.name)) stamp(hash, file);
    else if (entry.isFile() && /\.(js|mjs|json|ya?ml)$/.test(entry.name)) {
      const { size, mtimeMs } = fs.statSync(file);
      hash.update(`${file} ${size} ${mtimeMs}\n`);
    }
  }
}

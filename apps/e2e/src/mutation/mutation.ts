import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { repoRoot } from '@countersign/embedded/places';
import type { Finding } from '../finding.js';
import { scoreOf, type MutationReport } from './score.js';

const LEAST = 90;
const STRYKER = 'node_modules/@stryker-mutator/core/bin/stryker.js';

/** How many faults put into policy-kit its specs find: at least 90 in a hundred. Those they miss are named. */
export async function mutation(say: (text: string) => void): Promise<Finding> {
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'countersign-mutation-'));
  try {
    say(`faults are put into a copy of policy-kit in ${folder}`);
    const { score, found, missed } = scoreOf(await reportIn(folder));
    const figures = { 'score %': score.toFixed(2), faults: found + missed.length, missed: missed.length };
    return { figures, flaws: score >= LEAST ? [] : [`the score is under ${LEAST} %`, ...missed] };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

async function reportIn(folder: string): Promise<MutationReport> {
  const stryker = spawn(process.execPath, [STRYKER, 'run', 'stryker.config.mjs'], {
    cwd: repoRoot(),
    env: { ...process.env, MUTATION_FOLDER: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [stryker.stdout, stryker.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(stryker, 'close')) as [number | null];
  if (code !== 0) throw new Error(`Stryker ended with ${code}: ${said.slice(-1_000)}`);
  return JSON.parse(fs.readFileSync(path.join(folder, 'mutation.json'), 'utf8')) as MutationReport;
}

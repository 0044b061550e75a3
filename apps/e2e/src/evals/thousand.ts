import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { throwawayDir } from '@countersign/embedded';
import { repoRoot } from '@countersign/embedded/places';
import type { Finding } from '../finding.js';

/** What is promised of so many recorded cases, on two cores. */
const CASES = 1_000;
const SECONDS = 60;

interface Report {
  seconds: number;
  verdict: string;
  counts: { passed: number; failed: number; errors: number };
  results: { verdict: string; title: string; attempts: unknown[] }[];
}

/** All recorded cases, shipped and made from the permission map, so often that they are a thousand. */
export async function thousandCases(say: (text: string) => void): Promise<Finding> {
  const once = await evals([]);
  const { passed, failed, errors } = once.counts;
  say(`${passed} of ${passed + failed + errors} cases pass in ${once.seconds.toFixed(1)} s`);
  const many = await evals(['--repeat', String(Math.ceil(CASES / (passed + failed + errors)))]);
  const runs = many.results.reduce((sum, { attempts }) => sum + attempts.length, 0);
  const aThousand = (many.seconds * CASES) / runs;
  return {
    figures: { cases: passed + failed + errors, runs, 'a thousand take, in s': aThousand.toFixed(1) },
    flaws: [
      ...many.results
        .filter(({ verdict }) => verdict === 'fail' || verdict === 'error')
        .map(({ title, verdict }) => `${verdict}: ${title}`),
      ...(many.verdict === 'pass' ? [] : [`the verdict is ${many.verdict}`]),
      ...(runs < CASES ? [`only ${runs} ran`] : []),
      ...(aThousand > SECONDS ? [`a thousand cases take ${aThousand.toFixed(1)} s, and ${SECONDS} are promised`] : []),
    ],
  };
}

function evals(args: string[]): Promise<Report> {
  const dir = throwawayDir('run');
  const report = path.join(dir, 'report.json');
  const main = path.join(repoRoot(), 'apps/evals/dist/main.js');
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [main, '--report', report, ...args], { maxBuffer: 1 << 28 }, (error, _, stderr) => {
      try {
        if (!fs.existsSync(report)) throw new Error(stderr.slice(-2_000), { cause: error });
        resolve(JSON.parse(fs.readFileSync(report, 'utf8')) as Report);
      } catch (flaw) {
        reject(flaw as Error);
      } finally {
        fs.rmSync(dir, { recursive: true, force: true });
      }
    });
  });
}

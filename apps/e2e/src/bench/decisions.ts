import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { repoRoot } from '@countersign/embedded/places';
import { concluded, goalLines, type Goal } from './goals.js';
import { machineFacts, tellMachine } from './machine.js';
import type { Options } from './options.js';
import { Results } from './results.js';

/** What `apps/policy/src/pace` says. */
export interface DecideFigures {
  rules: number;
  decisions: number;
  p50Us: number;
  p99Us: number;
  perSecond: number;
  calibrationMs: number;
}

const GOAL = 20_000;

/** By policy's own command: a process with one core's work and nothing beside it. */
export async function decideFigures(): Promise<DecideFigures> {
  const command = path.join(repoRoot(), 'apps/policy/dist/pace/main.js');
  const { stdout } = await promisify(execFile)(process.execPath, [command], { timeout: 120_000 });
  return JSON.parse(stdout) as DecideFigures;
}

export const tellDecide = ({ rules, p50Us, p99Us, perSecond, calibrationMs }: DecideFigures): string[] => [
  `decide, ${rules} rules  p50 ${p50Us.toFixed(1)} µs, p99 ${p99Us.toFixed(1)} µs; ${perSecond.toFixed(0)} a second on one core`,
  `calibration        ${calibrationMs.toFixed(2)} ms for 5,000,000 steps of xorshift: relate other machines' figures by it`,
];

export async function decideAlone({ results }: Extract<Options, { form: 'decide' }>): Promise<number> {
  const machine = machineFacts();
  const figures = await decideFigures();
  const goals: Goal[] = [{ name: 'decisions a second, 100 rules', value: figures.perSecond, at: 'least', goal: GOAL }];
  new Results(results).json('decide', { machine, ...figures, goals });
  const { lines, exitCode } = concluded(goals, []);
  console.log([tellMachine(machine), ...tellDecide(figures), ...goalLines(goals), ...lines].join('\n'));
  return exitCode;
}

import {
  attemptOf,
  caseResultOf,
  modesOf,
  needsWorldAlone,
  skippedCase,
  type CaseResult,
  type FoundCase,
  type ModelMode,
} from '@countersign/evals';
import { loadWorkflows, type LoadedWorkflow, type ModelSettings } from '@countersign/workflow-kit';
import { CaseRun, type Stage } from './case-run.js';
import { openOwn } from './open-own.js';
import { openReal } from './open-real.js';
import type { Setting } from './setting.js';

export interface RunOptions {
  packages: readonly string[];
  /** What the fingerprint covers, whoever answers in this run. */
  settings: ModelSettings;
  mode: ModelMode;
  apiKey?: string | undefined;
  concurrency: number;
  repeat: number;
  /** Through a whole system, on a real Kafka. */
  real: boolean;
  databaseUrl?: string | undefined;
  env: NodeJS.ProcessEnv;
  /** No case is begun after it. */
  signal: AbortSignal;
  onResult: (result: CaseResult) => void;
}

/** So many cases go by before what they left is swept away. */
const SWEPT_AFTER = 200;

/** Runs cases in one world. Those that are not of this mode are skipped, and say so. */
export async function runCases(cases: readonly FoundCase[], options: RunOptions): Promise<CaseResult[]> {
  const { mode, onResult } = options;
  const [runnable, others] = [cases.filter(isOf(mode)), cases.filter((one) => !isOf(mode)(one))];
  const skipped = others.map((one) => skippedCase(one, `it is not run with the ${mode} model`));
  skipped.forEach(onResult);
  if (runnable.length === 0) return skipped;
  const workflows = await loadWorkflows(options.packages, options.settings);
  const setting = await (options.real ? openReal : openOwn)(workflows, options);
  try {
    const stageOf = (one: FoundCase) => stageFor(workflows.get(one.workflow)!, setting, mode);
    const results = await runAll(runnable, setting, stageOf, options);
    // One that came while no case ran is nobody's, and as bad.
    const { flaws } = setting.world;
    if (flaws.length > 0 && !results.some(({ verdict }) => verdict === 'error')) throw new Error(flaws.join('; '));
    return [...skipped, ...results];
  } finally {
    await setting.stop();
  }
}

const isOf = (mode: ModelMode) => (one: FoundCase) => modesOf(one).includes(mode);

function stageFor({ workflow }: LoadedWorkflow, { world, tokenOf, model, systems }: Setting, mode: ModelMode): Stage {
  const names = [...new Set(workflow.tools.map(({ target }) => target))];
  return { ...{ world, tokenOf, mode, model, workflow }, systems: names.map((name) => systems.get(name)!) };
}

/** Several at once, but for those that others would feel: they come last, one after the other. */
async function runAll(
  cases: readonly FoundCase[],
  { atOnce, sweep }: Setting,
  stageOf: (one: FoundCase) => Stage,
  { repeat, signal, onResult }: RunOptions,
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  const runThrough = async (queue: FoundCase[]) => {
    for (let one = queue.shift(); one; one = queue.shift()) {
      if (signal.aborted) throw new Error('it was told to stop before all cases had run');
      const result = await runCase(one, stageOf(one), repeat);
      results.push(result);
      onResult(result);
    }
  };
  const beside = cases.filter((one) => !needsWorldAlone(one));
  for (let from = 0; from < beside.length; from += SWEPT_AFTER) {
    const queue = beside.slice(from, from + SWEPT_AFTER);
    await Promise.all(Array.from({ length: atOnce }, () => runThrough(queue)));
    sweep();
  }
  await runThrough(cases.filter(needsWorldAlone));
  return results;
}

async function runCase(one: FoundCase, stage: Stage, repeat: number): Promise<CaseResult> {
  const seen = [];
  for (let time = 0; time < repeat; time++) {
    const began = performance.now();
    const observed = await new CaseRun(one, stage).run();
    seen.push({ observed, attempt: attemptOf(one, observed, Math.round(performance.now() - began)) });
  }
  return caseResultOf(one, seen);
}

import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { auditScale } from '../audit-scale.js';
import { books } from '../books/books.js';
import { budgets } from '../budgets/budgets.js';
import { context } from '../context/context.js';
import { thousandCases } from '../evals/thousand.js';
import { explanations } from '../explanations/explanations.js';
import { firstOf, type Finding } from '../finding.js';
import { instances } from '../growing/instances.js';
import { restored } from '../growing/restored.js';
import { rolling } from '../growing/rolling.js';
import { forged } from '../forged/forged.js';
import { doubtfulDesk, generateWorkflow, hastyDesk, rationedDesks } from '../generated.js';
import { hostileModel } from '../hostile-model/hostile-model.js';
import { lyingPlanner } from '../lying-planner/lying-planner.js';
import { matrix } from '../matrix/matrix.js';
import { mutation } from '../mutation/mutation.js';
import { otel } from '../otel/otel.js';
import { personalAlone } from '../personal/long-form.js';
import { races } from '../races/races.js';
import { compare, policyKit } from '../second-evaluator/compare.js';
import { secure } from '../secure/secure.js';
import { stageMatrix } from '../stage-matrix.js';
import { tamper } from '../tamper/tamper.js';
import { trips } from '../trips/trips.js';
import { watching } from '../watching/watching.js';
import { World } from '../world.js';

/**
 * The long forms of what `npm test` shows in short, one after the other: those that need no system, then the others on one. Prints
 * what it found as a table and exits 3 when anything fell short. `--only matrix,books` runs some; `--outputs`, `--actions`, `--pairs`,
 * `--trips`, `--rounds`, `--forgeries`, `--changes`, `--events`, `--per-second` and `--seed` say how many and which.
 */
const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    outputs: { type: 'string', default: '10000' },
    actions: { type: 'string', default: '1000' },
    pairs: { type: 'string', default: '1000000' },
    trips: { type: 'string', default: '30' },
    rounds: { type: 'string', default: '500' },
    forgeries: { type: 'string', default: '10000' },
    changes: { type: 'string', default: '1000' },
    events: { type: 'string', default: '1000000' },
    'per-second': { type: 'string', default: '10' },
    /** A built checkout of another version: `rolling` upgrades from there. */
    from: { type: 'string' },
    seed: { type: 'string' },
  },
});
const seed = Number(options.seed ?? Date.now() % 100_000);

type Say = (text: string) => void;
interface Proof {
  name: string;
  /** On a system of its own with so many executors. */
  executors?: number;
  run(world: World, say: Say): Promise<Finding>;
}

const proofs = (generated: string): Proof[] => [
  { name: 'context', run: (world) => context(world, 'long', generated) },
  { name: 'books', run: (world) => books(world, Number(options.actions), 'long') },
  { name: 'planner', run: (world) => lyingPlanner(world, 'long') },
  { name: 'model', run: (world, say) => hostileModel(world, Number(options.outputs), seed, say) },
  { name: 'matrix', run: (world, say) => matrix(world, say) },
  { name: 'budgets', run: (world) => budgets(world, 200, 'long', true) },
  { name: 'forged', run: (world, say) => forged(world, Number(options.forgeries), 'long', say) },
  {
    name: 'explanations',
    run: (world, say) => explanations(world, { intents: Number(options.actions), run: 'long', seed }, say),
  },
  { name: 'tamper', run: (world, say) => tamper(world, Number(options.changes), seed, say) },
  { name: 'stages', run: (world) => stageMatrix(world, 'long-stages') },
  // Two thousand refunds of one user: near to what a day allows, so on a system where no other proof has spent of it.
  { name: 'races', executors: 2, run: (world, say) => races(world, Number(options.rounds), 'long', HASTY, say) },
  { name: 'trips', executors: 3, run: (world, say) => trips(world, Number(options.trips), 'long-trips', say, true) },
];
/** Those that need no system, or start one as they need it. */
const alone: { name: string; run(say: Say): Promise<Finding> }[] = [
  { name: 'rules', run: async (say) => compare(await policyKit(), Number(options.pairs), seed, say) },
  { name: 'mutation', run: mutation },
  { name: 'personal', run: (say) => personalAlone(seed, say) },
  { name: 'otel', run: otel },
  { name: 'watching', run: watching },
  { name: 'instances', run: (say) => instances(3 * Number(options.actions), say) },
  { name: 'restored', run: (say) => restored(Number(options.actions), say) },
  { name: 'rolling', run: (say) => rolling({ perSecond: Number(options['per-second']), from: options.from }, say) },
  { name: 'secure', run: secure },
  { name: 'evals', run: thousandCases },
  { name: 'audit-scale', run: (say) => auditScale(Number(options.events), say) },
];
const HASTY = 'hasty-desk';

const began = performance.now();
const say: Say = (text) => console.error(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s  ${text}`);

/** What a proof threw is a flaw like any other: the rest is still run. */
async function found(name: string, run: (say: Say) => Promise<Finding>): Promise<Finding> {
  const from = performance.now();
  say(`${name} ...`);
  try {
    const { figures, flaws } = await run((text) => say(`${name}: ${text}`));
    return { figures: { ...figures, seconds: ((performance.now() - from) / 1000).toFixed(0) }, flaws };
  } catch (error) {
    return { figures: {}, flaws: [`it could not be run to its end: ${(error as Error).message}`] };
  }
}

function report(findings: { name: string; finding: Finding }[]): string {
  const table = new Table({ head: ['proof', 'found', ''], style: { head: [], border: [] } });
  for (const { name, finding } of findings) {
    Object.entries(finding.figures).forEach(([what, figure], index) =>
      table.push([index === 0 ? name : '', what, String(figure)]),
    );
    table.push([
      Object.keys(finding.figures).length === 0 ? name : '',
      'not as it should be',
      String(finding.flaws.length),
    ]);
  }
  const lines = findings.flatMap(({ name, finding }) =>
    firstOf(finding.flaws).map((flaw) => `FAILED: ${name}: ${flaw}`),
  );
  return [table.toString(), ...lines].join('\n');
}

async function main(): Promise<number> {
  const chosen = options.only?.split(',');
  const generated = [generateWorkflow(), hastyDesk(), doubtfulDesk(), ...rationedDesks()];
  const all = proofs(generated[0]!.name).filter(({ name }) => !chosen || chosen.includes(name));
  const workflows = ['@countersign/support-desk', ...generated.map(({ folder }) => folder)];
  say(`seed ${seed}`);
  try {
    const findings: { name: string; finding: Finding }[] = [];
    for (const { name, run } of alone.filter((one) => !chosen || chosen.includes(one.name)))
      findings.push({ name, finding: await found(name, run) });
    for (const [executors, some] of byExecutors(all)) findings.push(...(await onOneSystem(workflows, executors, some)));
    console.log(report(findings));
    return findings.every(({ finding }) => finding.flaws.length === 0) && findings.length > 0 ? 0 : 3;
  } finally {
    for (const one of generated) one.remove();
  }
}

function byExecutors(all: Proof[]): [number, Proof[]][] {
  const groups = new Map<number, Proof[]>();
  for (const proof of all) groups.set(proof.executors ?? 1, [...(groups.get(proof.executors ?? 1) ?? []), proof]);
  return [...groups];
}

async function onOneSystem(workflows: string[], executors: number, some: Proof[]) {
  const onProgress = ({ step, seconds }: { step: string; seconds?: number }) =>
    seconds !== undefined && say(`${step} ${seconds.toFixed(1)} s`);
  const world = await World.open({ workflows, onProgress, instances: { executor: executors } });
  try {
    const findings: { name: string; finding: Finding }[] = [];
    for (const { name, run } of some) findings.push({ name, finding: await found(name, (tell) => run(world, tell)) });
    return findings;
  } finally {
    await world.close();
  }
}

process.exitCode = await main();

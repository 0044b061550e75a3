import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { books } from '../books/books.js';
import { context } from '../context/context.js';
import { firstOf, type Finding } from '../finding.js';
import { generateWorkflow } from '../generated.js';
import { hostileModel } from '../hostile-model/hostile-model.js';
import { lyingPlanner } from '../lying-planner/lying-planner.js';
import { matrix } from '../matrix/matrix.js';
import { World } from '../world.js';

/**
 * The long forms of what `npm test` shows in short, one after the other on one system. Prints what it found as a table and exits
 * 3 when anything fell short. `--only matrix,books` runs some, `--outputs`, `--actions` and `--seed` say how many and which.
 */
const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    outputs: { type: 'string', default: '10000' },
    actions: { type: 'string', default: '1000' },
    seed: { type: 'string' },
  },
});
const seed = Number(options.seed ?? Date.now() % 100_000);

type Say = (text: string) => void;
interface Proof {
  name: string;
  run(world: World, say: Say): Promise<Finding>;
}

const proofs = (generated: string): Proof[] => [
  { name: 'context', run: (world) => context(world, 'long', generated) },
  { name: 'books', run: (world) => books(world, Number(options.actions), 'long') },
  { name: 'planner', run: (world) => lyingPlanner(world, 'long') },
  { name: 'model', run: (world, say) => hostileModel(world, Number(options.outputs), seed, say) },
  { name: 'matrix', run: (world, say) => matrix(world, say) },
];

const began = performance.now();
const say: Say = (text) => console.error(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s  ${text}`);

/** What a proof threw is a flaw like any other: the rest is still run. */
async function found(proof: Proof, world: World): Promise<Finding> {
  const from = performance.now();
  say(`${proof.name} ...`);
  try {
    const { figures, flaws } = await proof.run(world, (text) => say(`${proof.name}: ${text}`));
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
  const generated = generateWorkflow();
  const workflows = ['@countersign/support-desk', generated.folder];
  const onProgress = ({ step, seconds }: { step: string; seconds?: number }) =>
    seconds !== undefined && say(`${step} ${seconds.toFixed(1)} s`);
  const chosen = options.only?.split(',');
  const world = await World.open({ workflows, onProgress });
  say(`seed ${seed}`);
  try {
    const findings: { name: string; finding: Finding }[] = [];
    for (const proof of proofs(generated.name).filter(({ name }) => !chosen || chosen.includes(name)))
      findings.push({ name: proof.name, finding: await found(proof, world) });
    console.log(report(findings));
    return findings.every(({ finding }) => finding.flaws.length === 0) && findings.length > 0 ? 0 : 3;
  } finally {
    await world.close();
    generated.remove();
  }
}

process.exitCode = await main();

/* `npm run simulate -- [--seeds A-B [--first] | --seed N [--verbose]]`: exits 3 when a history has a flaw; `--first` is enough of them. */
import { parseArgs } from 'node:util';
import { history, type History } from './history.js';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    first: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});
const [first = 1, last = first] = (values.seed ?? values.seeds ?? '1-1000').split('-').map(Number);
const say = (line: string) => process.stdout.write(`${line}\n`);

process.on('unhandledRejection', (error) => {
  // A process would end by it.
  say(`a promise failed and nobody looked: ${error instanceof Error ? error.stack : String(error)}`);
  process.exit(3);
});

const began = performance.now();
const totals = { histories: 0, steps: 0, effects: 0, actions: 0, inDoubt: 0, blocked: 0, flawed: 0 };
for (let seed = first; seed <= last; seed++) {
  const one = await history(seed, values.verbose);
  totals.histories++;
  totals.steps += one.steps;
  totals.effects += one.judged.effects;
  totals.actions += one.judged.actions;
  totals.inDoubt += one.judged.inDoubt;
  totals.blocked += one.judged.blocked;
  if (one.flaws.length > 0) tell(one);
  else if (values.seed !== undefined) say(`seed ${seed}: no flaw, trace ${one.hash}`);
  if (values.first && totals.flawed > 0) break;
}
const minutes = (performance.now() - began) / 60_000;
say(
  `${totals.histories} histories, ${totals.actions} actions, ${totals.effects} effects, ${totals.inDoubt} in doubt, ` +
    `${totals.blocked} blocked, ${totals.steps} steps; ${Math.round(totals.histories / minutes)} histories a minute; ` +
    `${totals.flawed} with a flaw`,
);
process.exit(totals.flawed > 0 ? 3 : 0);

function tell({ seed, flaws, hash, storm }: History): void {
  totals.flawed++;
  say(`seed ${seed} (${storm.join(', ') || 'calm'}; trace ${hash}):`);
  for (const flaw of flaws.slice(0, 12)) say(`  - ${flaw}`);
  say(`  npm run simulate -- --seed ${seed} --verbose`);
}

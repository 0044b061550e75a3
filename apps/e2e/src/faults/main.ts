import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import type { Finding } from '../finding.js';
import { crashPoints } from './crash-points/crash-points.js';
import { proveDefences } from './defences/prove.js';
import { namesOf } from './fault-catalog.js';
import { intoOwnMounts } from './inject/small-disk.js';
import { faultTable, findingOf } from './report.js';
import { runFaults, type RunOptions } from './run.js';
import { quotasFor, quotasOfOnly, schedule, type Quotas } from './schedule.js';

/**
 * Harms a whole system under load, from a seed, and has the independent checker judge what became of every action. Prints what it found
 * and exits 3 when anything falls short. `--minutes` and `--seed`; `--only` some faults, `crash-points`, or `memory` (a calm run that
 * measures it); `--nightly` the long form; `--prove` takes each defence out instead (`--only` some) and must fail for every one.
 */
intoOwnMounts();
const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    only: { type: 'string' },
    actions: { type: 'string' },
    nightly: { type: 'boolean', default: false },
    prove: { type: 'boolean', default: false },
  },
});
const only = options.only?.split(',');
const seed = Number(options.seed ?? Date.now() % 100_000);
const began = performance.now();
const say = (text: string) =>
  console.error(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s  ${text}`);

const MINUTE = 60_000;
const NIGHTLY = { minutes: 240, actions: 100_000, executorKills: 2_000 };
const USUAL = { minutes: 10, actions: 5_250, window: 160 };

interface Chosen {
  plan: RunOptions['plan'];
  quotas: Quotas;
  minutes: number;
}

function chosen(): Chosen {
  const alone = only?.length === 1 ? only[0] : undefined;
  if (alone === 'crash-points') {
    const atMost = options.minutes ? { atMostMs: Number(options.minutes) * MINUTE } : {};
    return { plan: crashPoints(atMost), quotas: new Map(), minutes: 0 };
  }
  if (alone === 'memory') return { plan: [], quotas: new Map(), minutes: Number(options.minutes ?? 4) };
  const usual = options.nightly ? NIGHTLY.minutes : only ? 1 : USUAL.minutes;
  const minutes = Number(options.minutes ?? usual);
  const quotas = only ? quotasOfOnly(only.flatMap(namesOf), minutes * MINUTE) : quotasOf(minutes);
  return { plan: schedule(seed, minutes * MINUTE, quotas), quotas, minutes };
}

function quotasOf(minutes: number): Quotas {
  const quotas = new Map(quotasFor(minutes * MINUTE));
  if (options.nightly) quotas.set('kill:executor', Math.max(quotas.get('kill:executor') ?? 0, NIGHTLY.executorKills));
  return quotas;
}

function print({ figures, flaws }: Finding): void {
  const table = new Table({ style: { head: [], border: [] }, colWidths: [34, 110], wordWrap: true });
  for (const [what, figure] of Object.entries(figures)) table.push([what, String(figure)]);
  console.log([table.toString(), ...flaws.map((flaw) => `FAILED: ${flaw}`)].join('\n'));
}

async function proved(): Promise<number> {
  const { table, ...finding } = await proveDefences(say, only);
  console.log(table);
  print(finding);
  return finding.flaws.length === 0 ? 0 : 3;
}

async function ran(): Promise<number> {
  const { plan, quotas, minutes } = chosen();
  const usual = options.nightly ? NIGHTLY.actions : Math.ceil((USUAL.actions / USUAL.minutes) * minutes);
  const total = Number(options.actions ?? (minutes > 0 ? usual : Infinity));
  say(`seed ${seed}: ${Array.isArray(plan) ? `${plan.length} faults in ${minutes} minutes` : only}, ${total} actions`);
  const ran = await runFaults({
    ...{ seed, plan, lengthMs: minutes * MINUTE, total, say },
    perSecond: minutes > 0 ? total / (minutes * 60 * 0.95) : 10,
    window: USUAL.window,
    ...{ tripEveryMs: 20_000, auditLimitMs: 8_000, instances: { executor: 4, policy: 2 } },
  });
  console.log(faultTable(ran.faults));
  const finding = findingOf(ran, quotas, only?.[0] === 'memory' || minutes >= USUAL.minutes);
  print({ ...finding, figures: { seed, ...finding.figures } });
  const isSound = finding.flaws.length === 0;
  if (ran.kept) console.log(`Kept to look into: ${ran.kept}`);
  if (!isSound)
    console.log(
      `Again: npm run faults -- --seed ${seed}${options.only ? ` --only ${options.only}` : ''} --minutes ${minutes}`,
    );
  return isSound ? 0 : 3;
}

// Not left to end by itself: after ten minutes of frozen and broken connections Node's own clean-up was seen to wait for ever.
process.exit(await (options.prove ? proved() : ran()));

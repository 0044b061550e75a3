import { Person } from '@countersign/demo';
import type { System } from '@countersign/embedded';
import { devToken } from '@countersign/embedded/places';
import { auditLag, ledgerFlaws } from '../checks.js';
import { concluded } from '../goals.js';
import type { Asked } from '../ledger.js';
import { machineFacts, tellMachine } from '../machine.js';
import type { Growth, Options } from '../options.js';
import { linePlot } from '../plot.js';
import { Results } from '../results.js';
import { endNow, endWithRun, say, startMeasured } from '../run.js';
import { Countersign } from '../systems/countersign.js';
import { deskWith } from './desk.js';
import { Filler } from './filled.js';
import { pointOf } from './point.js';
import { addTenants, ofTenants, pushThrough, tokenMaker } from './tenants.js';
import { growthFlaws, tellPoints, type CpuMay, type Point } from './verdict.js';

type Grow = Extract<Options, { form: 'growth' }>;

const ACTIONS = 3_000;
const FEWEST = 200;
/** Before anything is measured: the first size would else be dearer than the last for want of it. */
const WARM_UP = 5_000;

interface Grown {
  points: Point[];
  flaws: string[];
}

interface Plan {
  of: string;
  may: CpuMay;
  run(scale: number): Promise<Grown>;
}

const PLANS: Record<Growth, Plan> = {
  tenants: { of: 'tenants that ask in turn, of one system', may: 'flat', run: tenants },
  rules: { of: 'rules that are asked about each action, a system each', may: 'linear', run: rules },
  tools: { of: 'tools of the workflow, a system each', may: 'flat', run: tools },
  pending: { of: 'approvals that wait for a person', may: 'flat', run: pending },
  audit: { of: 'records in the trace store', may: 'flat', run: audit },
  backlog: { of: 'intents in a backlog that is drained', may: 'flat', run: backlog },
};

/** How cost grows: each variable alone, on a fresh system, with everything else as it was. */
export async function grow({ growths, scale, results }: Grow): Promise<number> {
  const machine = machineFacts();
  const out = new Results(results);
  const flaws: string[] = [];
  console.log(tellMachine(machine));
  for (const name of growths) {
    const { of, may, run } = PLANS[name];
    say(`${name}: ${of}`);
    const grown = await run(scale);
    await endNow();
    const found = [...growthFlaws(name, grown.points, may), ...grown.flaws.map((flaw) => `${name}: ${flaw}`)];
    flaws.push(...found);
    const judged = found.length ? 'FAILED' : `met: CPU time of an action ${may}, memory at most linear`;
    console.log([`growth  ${name}: ${of}; ${judged}`, ...tellPoints(grown.points)].join('\n'));
    out.json(`growth-${name}`, { machine, name, of, may, scale, points: grown.points, flaws: found });
    out.svg(`growth-${name}`, plotOf(name, of, grown.points));
  }
  const end = concluded([], flaws);
  for (const line of end.lines) console.log(line);
  return end.exitCode;
}

const plotOf = (name: string, of: string, points: Point[]): string =>
  linePlot({
    title: `${name}: CPU time of an action`,
    x: { label: of, log: true },
    unit: 'ms',
    series: [{ name: 'CPU ms an action', points: points.map(({ size, cpuMs }) => ({ x: size, y: cpuMs })) }],
  });

const actionsAt = (scale: number): number => Math.max(FEWEST, Math.round(ACTIONS * scale));
/** The least one stays as it is; none twice. */
const scaled = (sizes: number[], scale: number): number[] =>
  [...new Set(sizes.map((size, index) => (index === 0 ? size : Math.max(size && 1, Math.round(size * scale)))))].sort(
    (a, b) => a - b,
  );

async function opened(scale: number, workflow?: string) {
  const { system, driver } = await startMeasured(workflow ? { workflows: [workflow] } : {});
  const run = Date.now().toString(36);
  const ours = await Countersign.open(system, driver, run);
  const push = async (n: number) => (await ours.approved(n)).rate;
  await push(Math.max(FEWEST, Math.round(WARM_UP * scale)));
  const checked = async (asked: Asked = { [ours.name]: ours.keys() }) => ledgerFlaws(system, asked);
  return { system, driver, run, ours, push, checked };
}

async function tenants(scale: number): Promise<Grown> {
  const { system, driver, run, ours, checked } = await opened(scale);
  const sizes = scaled([1, 10, 100, 1_000], scale);
  await addTenants(system, sizes.at(-1) ?? 1);
  const token = await tokenMaker(system);
  const keys: string[] = [];
  const points: Point[] = [];
  for (const size of sizes) {
    const pipeline = ofTenants(system, { run: `${run}-${size}`, count: size, keys }, token);
    points.push(await pointOf(system, { size, actions: actionsAt(scale) }, pushThrough(driver, pipeline)));
    say(`tenants: ${size} measured`);
  }
  return { points, flaws: await checked({ Countersign: [...keys, ...ours.keys()] }) };
}

function rules(scale: number): Promise<Grown> {
  return ofDesks([10, 100], 'rules', scale);
}

/** support-desk has twelve of its own. */
function tools(scale: number): Promise<Grown> {
  return ofDesks([12, 200], 'tools', scale);
}

async function ofDesks(sizes: number[], what: 'rules' | 'tools', scale: number): Promise<Grown> {
  const points: Point[] = [];
  const flaws: string[] = [];
  for (const size of sizes) {
    const desk = deskWith({ [what]: size });
    endWithRun(() => desk.remove());
    const { system, push, checked } = await opened(scale, desk.folder);
    points.push(await pointOf(system, { size, actions: actionsAt(scale) }, push));
    flaws.push(...(await checked()));
    await endNow();
    say(`${what}: ${size} measured`);
  }
  return { points, flaws };
}

/** On the same system before and after: what came before is part of both. */
async function pending(scale: number): Promise<Grown> {
  const { system, ours, push, checked } = await opened(scale);
  const [none, many] = scaled([0, 100_000], scale) as [number, number];
  const actions = actionsAt(scale);
  const points = [await pointOf(system, { size: none, actions }, push)];
  const intentId = await ours.waiting();
  const filler = await Filler.open(system.urls.postgres, { tell: say });
  endWithRun(() => filler.close());
  const rows = await filler.copyIntent(intentId, many, ['policy', 'planner', 'approval', 'executor', 'gateway']);
  say(`pending: ${rows} rows for ${many} approvals that wait`);
  const flaws = await unseen(system, many + 1);
  points.push(await pointOf(system, { size: many, actions }, push));
  return { points, flaws: [...flaws, ...(await checked())] };
}

const PAGE = 200;

/** What was filled in counts only if people see it: as an approver asks for it, in pages. */
async function unseen({ urls }: System, wait: number): Promise<string[]> {
  const carol = new Person('carol', urls.gateway, await devToken(urls.identity, 'carol'));
  const { status, body } = await carol.call('GET', `/v1/approvals?status=open&limit=${PAGE}`);
  const seen = status === 200 ? (body as { data: unknown[] }).data.length : 0;
  return seen === Math.min(PAGE, wait) ? [] : [`an approver sees ${seen} of ${wait} approvals that wait`];
}

async function audit(scale: number): Promise<Grown> {
  const { system, driver, ours, push, checked } = await opened(scale);
  const [none, many] = scaled([0, 1_000_000], scale) as [number, number];
  const actions = actionsAt(scale);
  const points = [await pointOf(system, { size: none, actions }, push)];
  const filler = await Filler.open(system.urls.postgres, { tell: say });
  endWithRun(() => filler.close());
  // Alone: what is stored together shares rows of the search.
  await ours.approved(1);
  await auditLag(driver, system.topicPrefix, system.urls.postgres);
  const rows = await filler.copyTrace(ours.lastIntent(), many);
  say(`audit: ${rows} records more`);
  points.push(await pointOf(system, { size: many, actions }, push));
  return { points, flaws: await checked() };
}

/** All at once, each size once: drained from the first intent sent to the last reply. */
async function backlog(scale: number): Promise<Grown> {
  const { system, push, checked } = await opened(scale);
  const points: Point[] = [];
  for (const size of scaled([1_000, 10_000, 100_000], scale)) {
    points.push(await pointOf(system, { size, actions: size }, push, 1));
    say(`backlog: ${size} drained at ${points.at(-1)?.perSecond.toFixed(0)}/s`);
  }
  return { points, flaws: await checked() };
}

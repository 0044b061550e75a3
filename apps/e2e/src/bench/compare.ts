import { recordFlaws } from './checks.js';
import { concluded, goalLines, type Goal } from './goals.js';
import { approvedLoad, escalatedLoad, spokenLoad, steadyLoad, type Field } from './loads/loads.js';
import { tellPrograms, tellRounds, type RoundBook } from './loads/rounds.js';
import { machineFacts, postgresVersion, tellMachine } from './machine.js';
import type { Options } from './options.js';
import { decideFigures, tellDecide, type DecideFigures } from './decisions.js';
import { barPlot } from './plot.js';
import { Results } from './results.js';
import { endWithRun, say, startMeasured } from './run.js';
import { spending } from './spending.js';
import { percentile, ratioOf, spreadOf } from './statistics.js';
import { Countersign } from './systems/countersign.js';
import { noPeers, startPeers, type Peers } from './systems/peers.js';

type Compare = Extract<Options, { form: 'compare' }>;

const FLOOR = 'raw floor';
const PER_SECOND = 50;
const WARM_UP = 1_000;
const SHARES = { 'raw floor': 5, Restate: 0.5, DBOS: 0.25 };
const QUICK_GOALS = { floor: 0.08, p50: 4 };
const GOALS = { restate: 2, dbos: 4, floor: 0.15, cpuMs: 2.6, p50: 3, p99: 4, drain: 3, decisions: 20_000 };

interface Measured {
  approved: { book: RoundBook; auditMs: number[] };
  steady: Record<string, number[]>;
  escalated: RoundBook | undefined;
  spoken: RoundBook | undefined;
  cpu: Awaited<ReturnType<typeof spending>>;
  decide: DecideFigures | undefined;
}

/** Countersign, the raw floor, Restate and DBOS in turn, in one run, on one machine. Only the ratios mean something: machines are shared. */
export async function compare(options: Compare): Promise<number> {
  const facts = machineFacts();
  const { system, driver } = await startMeasured({}, options.profile);
  const run = Date.now().toString(36);
  const peers = options.peers ? await startPeers(system, run, say) : noPeers('left out; --peers takes them in');
  endWithRun(() => peers.stop());
  for (const [name, because] of Object.entries(peers.missing)) say(`without ${name}: ${because}`);
  const ours = await Countersign.open(system, driver, run);
  const field: Field = { system, driver, ours, peers: peers.all, run, say };
  const concurrency = await warmUp(field, options);
  const measured = await measure(field, options);
  const goals = goalsOf(measured, options, peers);
  say('counting ledger, signatures and audit rows');
  const asked = Object.fromEntries([
    [ours.name, ours.keys()],
    ...peers.all.map((peer) => [peer.name, peer.keys] as const),
  ]);
  const records = await recordFlaws(system, driver, asked);
  const flaws = [...peers.flaws, ...records.flaws];
  const machine = { ...facts, postgres: await postgresVersion(system.urls.postgres) };
  const counted = Object.entries(asked).map(([name, keys]) => `${keys.length} of ${name}`);
  const lines = [
    tellMachine(machine),
    ...tell(measured, concurrency, peers),
    `checked  effects in the ledger: ${counted.join(', ')}; ${records.signatures} signatures, ${records.rows} audit rows`,
    ...goalLines(goals),
  ];
  write(options, { machine, options, concurrency, missing: peers.missing, goals, flaws }, measured);
  console.log(lines.join('\n'));
  const end = concluded(goals, flaws);
  for (const line of end.lines) console.log(line);
  return end.exitCode;
}

/** What each does slower the first time is no part of it. Gives the concurrency found best, by peer. */
async function warmUp({ ours, peers }: Field, { actions, quick }: Compare): Promise<Record<string, string>> {
  say('warming up');
  await ours.approved(Math.min(WARM_UP, actions));
  const concurrency: Record<string, string> = {};
  for (const peer of peers) {
    concurrency[peer.name] = await peer.tune(Math.min(quick ? 200 : 500, actions));
    say(`${peer.name}: best at a concurrency of ${concurrency[peer.name]}`);
  }
  return concurrency;
}

async function measure(field: Field, { rounds, actions, seconds, quick, peers }: Compare): Promise<Measured> {
  const approved = await approvedLoad(field, { rounds, actions, shares: SHARES });
  const people = !quick || peers;
  const few = Math.min(rounds, 3);
  const escalated = people ? await escalatedLoad(field, few, Math.min(1_000, actions)) : undefined;
  const spoken = people ? await spokenLoad(field, few, Math.min(500, actions)) : undefined;
  const steady = await steadyLoad(field, PER_SECOND, seconds);
  say('counting CPU time');
  const cpu = await spending(field.system, field.driver, field.ours.pipeline, quick ? 1 : 3);
  const decide = quick ? undefined : await decideFigures();
  return { approved, steady, escalated, spoken, cpu, decide };
}

function goalsOf(measured: Measured, { quick }: Compare, { missing }: Peers): Goal[] {
  const { approved, steady, escalated, cpu, decide } = measured;
  const least = (name: string, value: number | undefined, goal: number, because?: string): Goal => ({
    ...{ name, value, at: 'least', goal, because },
  });
  const most = (name: string, value: number | undefined, goal: number): Goal => ({ name, value, at: 'most', goal });
  const over = (book: RoundBook | undefined, theirs: string) =>
    book?.rates(theirs).length ? ratioOf(book.rates('Countersign'), book.rates(theirs)) : undefined;
  const late = (p: number) => percentile(steady['Countersign'] ?? [], p) / percentile(steady[FLOOR] ?? [], p);
  const floor = over(approved.book, FLOOR);
  if (quick)
    return [
      least('L1 ÷ raw floor', floor, QUICK_GOALS.floor),
      most("p50 at 50/s ÷ floor's", late(0.5), QUICK_GOALS.p50),
    ];
  return [
    least('L1 ÷ Restate', over(approved.book, 'Restate'), GOALS.restate, missing['Restate']),
    least('L1 ÷ DBOS', over(approved.book, 'DBOS'), GOALS.dbos, missing['DBOS']),
    least('L1 ÷ raw floor', floor, GOALS.floor),
    least('L2 ÷ Restate', over(escalated, 'Restate'), GOALS.drain, missing['Restate']),
    most('CPU an action, ms', cpu.burstMs, GOALS.cpuMs),
    most("p50 at 50/s ÷ floor's", late(0.5), GOALS.p50),
    most("p99 at 50/s ÷ floor's", late(0.99), GOALS.p99),
    least('decisions a second, 100 rules', decide?.perSecond, GOALS.decisions),
  ];
}

const LOADS = {
  approved: 'L1  actions that rules approve',
  escalated: 'L2  actions that waited for a person, from the first approval to the last effect',
  spoken: 'L3  intents in words, three turns of the stand-in model',
};

function tell({ approved, steady, escalated, spoken, cpu, decide }: Measured, concurrency: object, peers: Peers) {
  const books = [
    [LOADS.approved, approved.book],
    [LOADS.escalated, escalated],
    [LOADS.spoken, spoken],
  ] as const;
  const { min, median, max } = spreadOf(approved.auditMs);
  return [
    ...Object.entries(concurrency).map(([name, how]) => `${name} loaded at its best concurrency, ${how}`),
    ...Object.entries(peers.missing).map(([name, because]) => `${name} is missing: ${because}`),
    ...books.flatMap(([title, book]) => (book ? tellBook(title, book) : [])),
    `audit behind  ${[min, median, max].map((ms) => ms.toFixed(0)).join(' / ')} ms at the end of a burst, until every record of it is stored`,
    `latency at ${PER_SECOND}/s`,
    ...Object.entries(steady).map(
      ([name, ms]) =>
        `${name.padEnd(11)}  p50 ${percentile(ms, 0.5).toFixed(1)} ms, p99 ${percentile(ms, 0.99).toFixed(1)} ms`,
    ),
    ...cpu.lines,
    ...(decide ? tellDecide(decide) : []),
  ];
}

function tellBook(title: string, book: RoundBook): string[] {
  const all = book.all();
  const ratios = all
    .filter(({ name }) => name !== 'Countersign')
    .map(({ name, rates }) => `${ratioOf(book.rates('Countersign'), rates).toFixed(3)} × ${name}`);
  return [
    `${title} (min / median / max of ${book.rates('Countersign').length} rounds)`,
    ...all.map((rounds) => tellRounds(rounds, 11)),
    ...all.map(tellPrograms),
    ...(ratios.length ? [`  Countersign is ${ratios.join(', ')}`] : []),
  ];
}

function write({ results }: Compare, head: object, measured: Measured): void {
  const out = new Results(results);
  const { approved, escalated, spoken, steady, cpu, decide } = measured;
  const books = { approved: approved.book, escalated, spoken };
  const loads = Object.fromEntries(Object.entries(books).map(([name, book]) => [name, book?.all() ?? null]));
  const latency = Object.fromEntries(
    Object.entries(steady).map(([name, ms]) => [name, { p50: percentile(ms, 0.5), p99: percentile(ms, 0.99) }]),
  );
  const { lines: _, ...cpuFigures } = cpu;
  out.json('bench', { ...head, ...loads, auditMs: approved.auditMs, latency, cpu: cpuFigures, decide: decide ?? null });
  for (const [name, book] of Object.entries(books)) {
    if (!book) continue;
    const bars = book.all().filter((rounds) => rounds.name !== FLOOR);
    out.svg(name, barPlot({ title: LOADS[name as keyof typeof LOADS], unit: 'a second', bars: bars.map(barOf) }));
  }
}

const barOf = ({ name, rates }: { name: string; rates: number[] }) => ({ label: name, spread: spreadOf(rates) });

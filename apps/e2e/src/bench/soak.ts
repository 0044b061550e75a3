import { setTimeout as delay } from 'node:timers/promises';
import { Person } from '@countersign/demo';
import { SERVICES } from '@countersign/embedded';
import { devToken } from '@countersign/embedded/places';
import { until } from '@countersign/testing';
import { recordFlaws } from './checks.js';
import { concluded } from './goals.js';
import type { LoadDriver, Pipeline } from './load.js';
import { machineFacts, tellMachine } from './machine.js';
import { memoryNow } from './memory.js';
import type { Options } from './options.js';
import { linePlot } from './plot.js';
import { behind, grown, MOST_GROWTH, quartersOf, type Sample } from './quarters.js';
import { Results } from './results.js';
import { say, startMeasured } from './run.js';
import { median } from './statistics.js';
import { Countersign } from './systems/countersign.js';

const SHARE = 0.8;
const BURST = 3_000;
const BURSTS = 3;
const SAMPLE_MS = 2_000;
const TELL_MS = 30_000;
const SEND_MS = 20;
const DRAINED_MS = 120_000;
/** What is added up and may not grow; engines hold what their own settings let them, and are told beside it. */
const ALL = 'all services';

interface Run {
  lengthMs: number;
  sent: number;
  memory: Map<string, Sample[]>;
  lag: Map<string, Sample[]>;
}

/** Ten minutes, or as many as are asked for, at four fifths of what it can do: memory and lag stay where they are, and nothing is lost. */
export async function soak({ minutes, results }: Extract<Options, { form: 'soak' }>): Promise<number> {
  const machine = machineFacts();
  const { system, driver } = await startMeasured();
  const ours = await Countersign.open(system, driver, Date.now().toString(36));
  const rates: number[] = [];
  await ours.approved(1_000);
  for (let burst = 0; burst < BURSTS; burst++) rates.push((await ours.approved(BURST)).rate);
  const perSecond = Math.max(1, Math.round(median(rates) * SHARE));
  say(`the most is ${median(rates).toFixed(0)}/s; ${perSecond}/s for ${minutes} minutes`);
  const sam = new Person('sam', system.urls.gateway, await devToken(system.urls.identity, 'sam', 4 * 3600));
  const watch = { pids: () => system.pids(), lags: () => lagsOf(sam) };
  const run = await steadily(driver, ours.pipeline, { perSecond, ms: minutes * 60_000 }, watch);
  say('counting ledger, signatures and audit rows');
  const records = await recordFlaws(system, driver, { [ours.name]: ours.keys() });
  const judged = judge(run, perSecond);
  const flaws = [...judged.flaws, ...records.flaws];
  write(new Results(results), run, { machine, minutes, perSecond, rates, flaws });
  const lines = [
    tellMachine(machine),
    `soak  ${run.sent} actions at ${perSecond}/s, ${SHARE} × the median of ${rates.map((rate) => rate.toFixed(0)).join(', ')}/s, for ${(run.lengthMs / 1000).toFixed(0)} s`,
    ...judged.lines,
    `checked  ${ours.keys().length} effects in the ledger, ${records.signatures} signatures, ${records.rows} audit rows`,
  ];
  console.log(lines.join('\n'));
  const end = concluded([], flaws);
  for (const line of end.lines) console.log(line);
  return end.exitCode;
}

/** Records that each service has not handled yet, as it says itself. */
async function lagsOf(sam: Person): Promise<Record<string, number>> {
  const { status, body } = await sam.call('GET', '/v1/pipeline');
  if (status !== 200) throw new Error(`GET /v1/pipeline answered ${status}`);
  const { data } = body as { data: { service: string; lag?: number }[] };
  return Object.fromEntries(data.flatMap(({ service, lag }) => (lag === undefined ? [] : [[service, lag]])));
}

interface Watch {
  pids(): Record<string, number[]>;
  lags(): Promise<Record<string, number>>;
}

async function steadily(
  driver: LoadDriver,
  pipeline: Pipeline,
  { perSecond, ms }: { perSecond: number; ms: number },
  watch: Watch,
): Promise<Run> {
  const run: Run = { lengthMs: ms, sent: 0, memory: new Map(), lag: new Map() };
  const before = await driver.written(pipeline.output);
  const ended = async () => (await driver.written(pipeline.output)) - before;
  const began = performance.now();
  const now = () => performance.now() - began;
  const watching = observe(run, watch, { now, until: ms, ended });
  const underWay: Promise<unknown>[] = [];
  while (now() < ms) {
    const due = Math.floor((now() * perSecond) / 1000) - run.sent;
    run.sent += Math.max(0, due);
    if (due > 0) underWay.push(driver.send(pipeline, pipeline.make(due)));
    await delay(SEND_MS);
  }
  await Promise.all([...underWay, watching]);
  await until(async () => (await ended()) >= run.sent, { what: 'the end of all', timeoutMs: DRAINED_MS, everyMs: 100 });
  say(`all ${run.sent} ended ${((now() - ms) / 1000).toFixed(1)} s after the last was sent`);
  return run;
}

async function observe(
  run: Run,
  { pids, lags }: Watch,
  { now, until: end, ended }: { now(): number; until: number; ended(): Promise<number> },
): Promise<void> {
  const note = (into: Map<string, Sample[]>, name: string, value: number) =>
    into.set(name, [...(into.get(name) ?? []), { at: now(), value }]);
  for (let told = 0; now() < end; await delay(SAMPLE_MS)) {
    const memory = memoryNow(pids());
    for (const [name, mib] of Object.entries(memory)) note(run.memory, name, mib);
    note(
      run.memory,
      ALL,
      SERVICES.reduce((sum, name) => sum + (memory[name] ?? 0), 0),
    );
    const open = run.sent - (await ended());
    note(run.lag, 'intents without a reply', open);
    for (const [name, lag] of Object.entries(await lags())) note(run.lag, name, lag);
    if (now() - told < TELL_MS && told > 0) continue;
    told = now();
    const all = run.memory.get(ALL)?.at(-1)?.value.toFixed(0);
    say(`${(now() / 60_000).toFixed(1)} min: ${run.sent} sent, ${open} under way, services hold ${all} MiB`);
  }
}

function judge({ memory, lag, lengthMs }: Run, perSecond: number): { lines: string[]; flaws: string[] } {
  const judged = new Set<string>([...SERVICES, ALL]);
  const flaws: string[] = [];
  const lines: string[] = [];
  for (const [name, samples] of memory) {
    const quarters = quartersOf(samples, lengthMs);
    if (judged.has(name)) flaws.push(...grown(name, quarters));
    const goal = judged.has(name) ? ` (at most ${MOST_GROWTH})` : ' (an engine: told, not judged)';
    lines.push(
      `memory  ${name.padEnd(24)} ${quarters.second.toFixed(0)} → ${quarters.last.toFixed(0)} MiB, ${(quarters.last / quarters.second).toFixed(3)} ×${goal}`,
    );
  }
  for (const [name, samples] of lag) {
    const quarters = quartersOf(samples, lengthMs);
    flaws.push(...behind(name, quarters, perSecond));
    lines.push(`lag     ${name.padEnd(24)} ${quarters.second.toFixed(0)} → ${quarters.last.toFixed(0)} records`);
  }
  return { lines, flaws };
}

function write(results: Results, run: Run, head: object): void {
  const plain = (of: Map<string, Sample[]>) => Object.fromEntries(of);
  results.json('soak', { ...head, sent: run.sent, memory: plain(run.memory), lag: plain(run.lag) });
  const plot = (title: string, unit: string, of: Map<string, Sample[]>, names: string[]) =>
    linePlot({
      ...{ title, unit, x: { label: 'minutes', log: false } },
      series: names.flatMap((name) => {
        const points = (of.get(name) ?? []).map(({ at, value }) => ({ x: at / 60_000, y: value }));
        return points.length ? [{ name, points }] : [];
      }),
    });
  results.svg('soak-memory', plot('Memory of a soak', 'MiB', run.memory, [ALL, 'kafka', 'postgres']));
  results.svg('soak-lag', plot('Intents without a reply', 'intents', run.lag, ['intents without a reply']));
}

import Table from 'cli-table3';
import { startThrowawayEngines } from '@countersign/embedded';
import type { Finding } from '../../finding.js';
import type { Defence } from './defence.js';
import { defenceNamed, DEFENCES } from './defences.js';
import { runSuites, type Given, type Said } from './run-suite.js';
import { SUITES, type Suite } from './suite.js';

/** What became of a defence's removal in one suite. */
export interface Caught {
  defence: string;
  suite: Suite['suite'];
  /** What failed without it; undefined: nothing that should have. */
  by?: string;
  /** Why it was not. */
  flaw?: string;
  seconds: number;
}

/**
 * Takes each defence out once and runs what must notice it. It is proved when every suite holds with all defences in their places, and
 * each one named for a defence fails without it, in the very test that is named, while others beside that one hold.
 */
export async function proveDefences(
  say: (text: string) => void,
  only?: readonly string[],
): Promise<Finding & { table: string }> {
  const defences = only ? only.map(defenceNamed) : DEFENCES;
  const engines = await startThrowawayEngines();
  const given: Given = {
    engines: { COUNTERSIGN_TEST_KAFKA: engines.kafka.brokers, COUNTERSIGN_TEST_POSTGRES: engines.postgres.url },
  };
  try {
    const flaws = await allHold(defences, given, say);
    const caught: Caught[] = [];
    for (const defence of defences) caught.push(...(await withoutIt(defence, given, say)));
    flaws.push(
      ...caught.flatMap(({ defence, suite, flaw }) => (flaw ? [`without ${defence}, ${suite}: ${flaw}`] : [])),
    );
    const figures = { defences: defences.length, caught: provedIn(caught), 'suites that caught them': caught.length };
    return { figures, flaws, table: tableOf(caught) };
  } finally {
    await engines.stop();
  }
}

const provedIn = (caught: Caught[]): number =>
  new Set(caught.filter(({ by }) => by !== undefined).map(({ defence }) => defence)).size;

/** With every defence in its place. */
async function allHold(defences: readonly Defence[], given: Given, say: (text: string) => void): Promise<string[]> {
  const flaws: string[] = [];
  for (const kind of SUITES) {
    const suites = defences.flatMap(({ caughtBy }) => caughtBy).filter(({ suite }) => suite === kind);
    if (suites.length === 0) continue;
    const from = performance.now();
    const said = await runSuites(suites, given);
    say(`with every defence, ${kind}: ${said.held} hold, ${said.failed.length} fail (${secondsSince(from)} s)`);
    if (said.broken) flaws.push(`${kind} could not be run: ${said.broken}`);
    flaws.push(...said.failed.map((name) => `with every defence, ${kind} fails: ${name}`));
  }
  return flaws;
}

async function withoutIt({ name, caughtBy }: Defence, given: Given, say: (text: string) => void): Promise<Caught[]> {
  const caught: Caught[] = [];
  for (const suite of caughtBy) {
    const from = performance.now();
    const said = await runSuites([suite], { ...given, without: name });
    const judged = judge(suite, said);
    const one: Caught = { defence: name, suite: suite.suite, ...judged, seconds: secondsSince(from) };
    caught.push(one);
    say(
      `without ${name}, ${suite.suite}: ${one.by ? `caught by "${one.by}"` : `NOT CAUGHT: ${one.flaw}`} (${one.seconds} s)`,
    );
  }
  return caught;
}

const secondsSince = (from: number): number => Math.round((performance.now() - from) / 100) / 10;

/** A crash is no catch: what is named fails, something else holds. */
export function judge(suite: Suite, { failed, held, broken }: Said): { by: string } | { flaw: string } {
  if (broken) return { flaw: `it could not be run: ${broken}` };
  const by = suite.suite === 'simulation' ? failed[0] : failed.find((name) => name.includes(suite.fails));
  if (by === undefined) return { flaw: failed.length > 0 ? `only others fail: ${failed[0]}` : 'nothing fails' };
  const isCrash = held === 0 && suite.suite !== 'simulation';
  return isCrash ? { flaw: `nothing holds beside "${by}"` } : { by };
}

/** A row for each defence, a column for each kind of suite: what failed there without it. */
function tableOf(caught: Caught[]): string {
  const widths = { colWidths: [30, ...SUITES.map(() => 36)], wordWrap: true };
  const table = new Table({ head: ['without', ...SUITES], style: { head: [], border: [] }, ...widths });
  const told = ({ by, seconds }: Caught) => `${(by ?? 'NOT CAUGHT').slice(0, MOST_TOLD)} (${seconds.toFixed(1)} s)`;
  for (const [defence, its] of Map.groupBy(caught, (one) => one.defence))
    table.push([
      defence,
      ...SUITES.map((suite) =>
        its
          .filter((one) => one.suite === suite)
          .map(told)
          .join('\n'),
      ),
    ]);
  return table.toString();
}

const MOST_TOLD = 90;

import pg from 'pg';
import type { Finding } from '../finding.js';
import { auditIsComplete } from '../audit-completeness.js';
import { crashes, vitals } from '../vitals.js';
import type { World } from '../world.js';
import { Dealer } from './dealer.js';
import { Needles, type Hit } from './needles.js';
import { erasure, type Erasure } from './erasure.js';
import type { Outside } from './outside.js';
import { exported, logs, metrics, shown, Sweep, tables, topics } from './places.js';
import { output } from './planters/model.js';
import { deciding, switching } from './planters/people.js';
import { recordsOf } from './planters/records.js';
import { around, COMMITTED, inWords } from './planters/requests.js';
import { poison, requests, tokens } from './planters/strangers.js';
import { answers } from './planters/target.js';
import { now, type Since } from './since.js';
import type { Stage } from './stage.js';
import { Values } from './values.js';

export interface Size {
  seed: number;
  /** Each how many-th intent is looked at over HTTP. */
  lookEvery: number;
  /** How many values each path gets. */
  share: number;
}

/** What was planted, and what was found of it so far. */
export interface Proof {
  stage: Stage;
  sweep: Sweep;
  erased: Erasure;
  /** What the sweep does not see, and which processes died. */
  flaws: string[];
}

/**
 * Plants personal values in every way that leads in, and looks for each of them, in every form, in all that the product has kept and
 * told since. Nothing may be found but in a copy that nothing protects: there all of it has to be.
 */
export async function personal(world: World, run: string, size: Size, say: Say, outside?: Outside): Promise<Proof> {
  const { seed, share, lookEvery } = size;
  const values = new Values(seed);
  const stage = await stageOf(world, run, new Dealer(values, share));
  const before = await vitals(world);
  const since = await now(world);
  await plant(stage, outside);
  say(`${values.made.length} values planted by ${pathsOf(stage).size} paths`);
  const open = await unended(stage);
  say('all of it has ended');
  await auditIsComplete(world);
  say('audit has it');
  const needles = new Needles(values.made);
  const sweep = new Sweep(needles);
  const kept = { tables: tables(world.owner, since), topics: topics(world, since), logs: logs(world, since) };
  const told = { metrics: metrics(world), shown: shown(stage, lookEvery), exported: exported(world, since) };
  for (const [name, some] of Object.entries({ ...kept, ...told })) {
    await sweep.through(some);
    say(`swept: ${name}`);
  }
  say(`${sweep.hits.length} hits in ${(sweep.bytes / 2 ** 20).toFixed(1)} MiB`);
  const unseen = await control(stage, needles, since);
  const reached = await arrived(stage);
  const erased = await erasure(stage);
  return {
    stage,
    sweep,
    erased,
    flaws: [...open, ...unseen, ...reached, ...erased.flaws, ...(await crashes(world, before))],
  };
}

type Say = (text: string) => void;

export function findingOf({ stage, sweep, erased, flaws }: Proof): Finding {
  return {
    figures: {
      'personal values': new Set(stage.dealer.plantings.map(({ value }) => value)).size,
      'ways in': pathsOf(stage).size,
      intents: stage.intents.length,
      ...Object.fromEntries(summed(sweep.places)),
      'MiB swept': (sweep.bytes / 2 ** 20).toFixed(1),
      hits: sweep.hits.length,
      'opened with a reason': erased.opened,
      'data subjects erased': erased.subjects,
    },
    flaws: [...flaws, ...flawsOf(stage, sweep.hits)],
  };
}

async function stageOf(world: World, run: string, dealer: Dealer): Promise<Stage> {
  const [alice, bob, carol, sam] = await Promise.all(
    ['alice', 'bob', 'carol', 'sam'].map((name) => world.person(name)),
  );
  return { world, dealer, run, alice: alice!, bob: bob!, carol: carol!, sam: sam!, intents: [], nobodys: new Set() };
}

async function plant(stage: Stage, outside: Outside | undefined): Promise<void> {
  const planters = [inWords, around, poison, requests, tokens, output, deciding, switching, recordsOf];
  await Promise.all([...planters.map((planter) => planter(stage)), ...(outside ? [answers(stage, outside)] : [])]);
}

const pathsOf = ({ dealer }: Stage) => new Set(dealer.plantings.map(({ path }) => path));

/** Waits until all that was asked for has come to its end, and answers what has not; what is nobody's ends with its refusal. */
async function unended({ alice, intents, nobodys }: Stage): Promise<string[]> {
  const asked = intents.filter((intentId) => !nobodys.has(intentId));
  const ends = asked.map(async (intentId) => {
    for (let looks = 0; looks < 3; looks++) {
      const found = await alice.intent(intentId, 25);
      if (found?.state === 'ended' || found?.state === 'refused') return [];
    }
    return [`${intentId} has not ended: what it leads to was not looked through`];
  });
  return (await Promise.all(ends)).flat();
}

/** The same search over a copy that nothing protects: of every planting that it does not find, the sweep proves nothing. */
async function control({ world, dealer }: Stage, needles: Needles, since: Since): Promise<string[]> {
  const { owner } = world;
  await owner.query('create schema unprotected');
  try {
    await owner.query('create table unprotected.copy (path text, words jsonb, bytes bytea)');
    for (const { path, text } of dealer.plantings)
      await owner.query('insert into unprotected.copy values ($1, $2, $3)', [
        path,
        JSON.stringify({ text }),
        Buffer.from(text),
      ]);
    const sweep = new Sweep(needles);
    await sweep.through(tables(owner, since, 'unprotected'));
    const found = new Set(sweep.hits.map(({ value }) => value));
    return dealer.plantings
      .filter(({ value }) => !found.has(value))
      .map(({ text, encoding }) => `the sweep does not find ${text} (${encoding}) where nothing protects it`);
  } finally {
    await owner.query('drop schema unprotected cascade');
  }
}

/** What was said in arguments and travelled as tokens stands in the system of record as it was meant: it was sealed, and not lost. */
async function arrived({ world, dealer }: Stage): Promise<string[]> {
  const client = new pg.Client({ connectionString: world.system.env('helpdesk')['DATABASE_URL'] });
  await client.connect();
  try {
    const { rows } = await client.query<{ body: string }>('select body from tickets');
    // What is grouped is sealed without its gaps.
    const bare = (text: string) => text.toLowerCase().replace(/[^a-z0-9@+]/g, '');
    const there = bare(rows.map(({ body }) => body).join('\n'));
    return dealer.plantings
      .filter(({ path, value }) => path === COMMITTED && !there.includes(bare(value.plain)))
      .map(({ text }) => `${text} was to stand in a ticket, and stands in none`);
  } finally {
    await client.end();
  }
}

function flawsOf({ dealer }: Stage, hits: Hit[]): string[] {
  const plantings = new Map(dealer.plantings.map((planting) => [planting.value, planting]));
  return hits.map(({ value, where, around }) => {
    const { path, encoding, text } = plantings.get(value)!;
    return `${path}, as ${encoding}: ${text} stands in ${where}: …${around}`;
  });
}

/** Places by their first word. */
function summed(places: ReadonlyMap<string, number>): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [kind, count] of places) {
    const name = `places: ${kind.split(' ')[0]}`;
    sums.set(name, (sums.get(name) ?? 0) + count);
  }
  return sums;
}

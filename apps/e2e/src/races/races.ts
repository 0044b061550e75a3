import type { IntentToPublish, Person } from '@countersign/demo';
import { until } from '@countersign/testing';
import type { Finding } from '../finding.js';
import { Switches } from '../trips/switches.js';
import type { World } from '../world.js';
import { Escalations, type Opened } from './escalations.js';

const AT_A_TIME = 25;
const SCOPE = 'kill/tool/issue_refund';
/** Around the end of its time an item is decided on: so many ms before or after. */
const AROUND_MS = 250;

interface Racers {
  world: World;
  escalations: Escalations;
  bob: Person;
  carol: Person;
  alice: string;
  run: string;
  hasty: string;
}

type Round = { intentId: string; item: Opened };
/** What the two sides of a race were answered, as a tally of pairs. */
type Tally = Map<string, number>;

interface Race {
  name: string;
  make(of: Racers, n: number): IntentToPublish;
  /** All rounds of a chunk at the same time. */
  run(of: Racers, rounds: Round[], tally: Tally): Promise<void>;
}

/**
 * `rounds` of each race that people, the clock and the kill switch can run against each other. `hasty` names a workflow whose
 * approvals expire within seconds.
 */
export async function races(
  world: World,
  rounds: number,
  run: string,
  hasty: string,
  say: (text: string) => void,
): Promise<Finding> {
  const escalations = await Escalations.open(world);
  const [bob, carol] = await Promise.all([world.person('bob'), world.person('carol')]);
  const of: Racers = { world, escalations, bob, carol, alice: await world.token('alice'), run, hasty };
  const figures: Finding['figures'] = {};
  const flaws: string[] = [];
  try {
    for (const [index, race] of RACES.entries()) {
      const tally: Tally = new Map();
      const began = Date.now();
      for (let done = 0; done < rounds; done += AT_A_TIME) {
        const numbers = Array.from({ length: Math.min(AT_A_TIME, rounds - done) }, (_, n) => done + n);
        const chunk = await escalations.ask(numbers.map((n) => race.make(of, index * rounds + n)));
        await race.run(of, chunk, tally);
        const ids = chunk.map(({ intentId }) => intentId);
        await escalations.settled(ids);
        flaws.push(...(await escalations.flaws(race.name, ids)));
      }
      say(`${race.name}: ${rounds} rounds in ${((Date.now() - began) / 1000).toFixed(0)} s`);
      figures[race.name] = [...tally].map(([pair, n]) => `${pair}: ${n}`).join(', ');
    }
    return { figures: { 'rounds of each race': rounds, ...figures, flaws: flaws.length }, flaws };
  } finally {
    await escalations.close();
  }
}

const count = (tally: Tally, key: string) => tally.set(key, (tally.get(key) ?? 0) + 1);

function refund({ alice, run }: Racers, n: number): IntentToPublish {
  const session = `race-${run}-${n}`;
  const args = { orderId: `ord_${17_000 + (n % 2_500)}`, amount: '50.01', currency: 'EUR', reason: 'a race' };
  const data = { workflow: 'support-desk', session, tool: 'issue_refund', arguments: args };
  return { id: session, tenant: 'acme', session, token: alice, data };
}

function ticket({ alice, run, hasty }: Racers, n: number): IntentToPublish {
  const session = `race-${run}-${n}`;
  const args = { orderId: `ord_${17_000 + n}`, subject: 'a race', body: `number ${n}`, urgency: 'urgent' };
  const data = { workflow: hasty, session, tool: 'open_ticket', arguments: args };
  return { id: session, tenant: 'acme', session, token: alice, data };
}

/** Two at the same time; the tally gets what each was answered. */
async function duel(tally: Tally, one: () => Answered, other: () => Answered): Promise<[number, number]> {
  const [a, b] = await Promise.all([one(), other()]);
  count(tally, `${a.status}/${b.status}`);
  return [a.status, b.status];
}
type Answered = ReturnType<Person['decide']>;

/** Bob approves while carol says her word. */
const approveAgainst =
  (word: 'approve' | 'reject'): Race['run'] =>
  ({ bob, carol }, rounds, tally) =>
    each(rounds, ({ item }) =>
      duel(
        tally,
        () => bob.decide(item, 'approve', 'yes'),
        () => carol.decide(item, word, word),
      ),
    );

const RACES: Race[] = [
  { name: 'approve‖approve', make: refund, run: approveAgainst('approve') },
  { name: 'approve‖reject', make: refund, run: approveAgainst('reject') },
  { name: 'approve‖expire', make: ticket, run: approveAtTheEnd },
  { name: 'approve‖kill', make: refund, run: approveUnderATrip },
  { name: 'approve‖edit', make: refund, run: approveUnderAnEdit },
];

async function each(rounds: Round[], one: (round: Round, index: number) => Promise<unknown>): Promise<void> {
  await Promise.all(rounds.map(one));
}

async function approveAtTheEnd(of: Racers, rounds: Round[], tally: Tally): Promise<void> {
  await each(rounds, async ({ intentId, item }, index) => {
    const around = ((index * 7919) % (2 * AROUND_MS)) - AROUND_MS;
    await new Promise((resolve) => setTimeout(resolve, Date.parse(item.expiresAt) + around - Date.now()));
    const { status } = await of.bob.decide(item, 'approve', 'just in time');
    await of.escalations.settled([intentId]);
    count(tally, `${status}/${of.escalations.of(intentId)?.denied[0] ?? 'committed'}`);
  });
}

/** The switch is tripped in the middle of the answers; what it kept open is approved after the re-arm. */
async function approveUnderATrip(of: Racers, rounds: Round[], tally: Tally): Promise<void> {
  const switches = await Switches.open(of.world);
  try {
    const half = Math.floor(rounds.length / 2);
    const answers = rounds.map(async ({ item }, index) => {
      if (index >= half) await new Promise((resolve) => setTimeout(resolve, (index - half) * 5));
      return of.bob.decide(item, 'approve', 'yes');
    });
    const tripped = await switches.trip(SCOPE, 'a race');
    await switches.heard(tripped.epoch, 'executor');
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    await switches.rearm(SCOPE);
    await each(rounds, async ({ intentId, item }, index) => {
      const again = await untilDecided(of, intentId, item);
      const said = of.escalations.of(intentId);
      count(
        tally,
        `${statuses[index]}/${said?.ended[0] ?? said?.denied[0] ?? 'open'}${again ? ' after the re-arm' : ''}`,
      );
    });
  } finally {
    await switches.close();
  }
}

/** Approves what is open again until it has its end: a yes that came while killed counts for nothing. */
async function untilDecided(of: Racers, intentId: string, item: Opened): Promise<boolean> {
  let again = false;
  await until(
    async () => {
      const said = of.escalations.of(intentId);
      if (said && (said.ended.length > 0 || said.denied.length > 0)) return true;
      const { body } = await of.carol.call('GET', `/v1/approvals/${item.approvalId}`);
      if ((body as Opened).status !== 'open') return false;
      again = true;
      await of.carol.decide(item, 'approve', 'after the re-arm');
      return false;
    },
    { what: `the end of ${intentId}`, timeoutMs: 30_000 },
  );
  return again;
}

/** Carol approves what she saw while bob changes it: one wins, and what is done is what was approved last. */
async function approveUnderAnEdit(of: Racers, rounds: Round[], tally: Tally): Promise<void> {
  await each(rounds, async ({ intentId, item }) => {
    const { arguments: args } = item as Opened & { arguments: Record<string, unknown> };
    const edited = { ...args, amount: '40.00' };
    const [edit] = await duel(
      tally,
      () =>
        of.bob.call('POST', `/v1/approvals/${item.approvalId}/decisions`, {
          ...{ decision: 'edit', actionHash: item.actionHash, reason: 'less will do', arguments: edited },
        }),
      () => of.carol.decide(item, 'approve', 'as I saw it'),
    );
    if (edit !== 200) return;
    const next = await of.escalations.nextItem(intentId, item.approvalId);
    const stale = await of.carol.decide({ ...next, actionHash: item.actionHash }, 'approve', 'with what I saw before');
    count(tally, `the old hash on the new item: ${stale.status}`);
    await of.carol.decide(next, 'approve', 'as it is now');
  });
}

import type { LedgerEntry } from '@countersign/demo';
import { until } from '@countersign/testing';
import { percentile } from '../bench/statistics.js';
import type { Finding } from '../finding.js';
import type { World } from '../world.js';
import { Bypass } from '../bypass.js';
import { LateExecutor } from './late-executor.js';
import { Load } from './load.js';
import { Switches, type Written } from './switches.js';

const SCOPE = 'kill/tool/issue_refund';
const PER_SECOND = 60;
/** Commits seen after a re-arm before the next trip: each trip stops something. */
const FLOWING = 15;
/** How long nothing may happen is looked at. */
const WATCHED_MS = 700;
/** More than all executors send at a time, so that a frozen one has sends before it that it has not begun. */
const BURST = 400;
const IN_FORCE_P99_MS = 1_000;
const FROZEN_IN_FORCE_MS = 2_000;

/** From the acknowledgement to the record that ends it, in ms by the broker's clock: no effect may begin in between. */
interface Quiet {
  from: number;
  to: number;
  tookMs: number;
}

type Effect = LedgerEntry & { startedAt: string };
const refunds = async (world: World) =>
  ((await world.helpdesk.ledger()) as Effect[]).filter(({ kind }) => kind === 'refund');

/**
 * Trips the switch of refunds again and again while refunds flow, once more while an executor is frozen in mid-send, and holds
 * helpdesk's ledger against the acknowledgements: no effect begins between one and the re-arm.
 */
export async function trips(
  world: World,
  rounds: number,
  run: string,
  say: (text: string) => void,
  isTimed: boolean,
): Promise<Finding> {
  const switches = await Switches.open(world);
  const load = await Load.start(world, PER_SECOND, run);
  try {
    const quiet: Quiet[] = [];
    for (let round = 0; round < rounds; round++) {
      quiet.push(await once(world, switches, load, `${run} ${round}`));
      if (round % 5 === 4) say(`${round + 1} of ${rounds} trips`);
    }
    say('one executor is frozen in mid-send');
    const frozen = await frozenOnce(world, switches, load, run);
    say('forged re-arms, a tombstone, and in the long form a late joiner');
    const forged = await stillKilled(world, switches, load, run, isTimed);
    await load.stop();
    await until(() => load.ended === load.published, {
      what: () => `the end of ${load.published - load.ended} intents`,
      timeoutMs: 60_000,
    });
    return await judged(world, { quiet, frozen, forged }, load, isTimed);
  } finally {
    await load.stop();
    await Promise.all([switches.close(), load.close()]);
  }
}

async function flowing(load: Load): Promise<void> {
  const from = load.committed;
  await until(() => load.committed >= from + FLOWING, { what: 'refunds to flow', timeoutMs: 30_000 });
}

async function once(world: World, switches: Switches, load: Load, reason: string): Promise<Quiet> {
  await flowing(load);
  const tripped = await switches.trip(SCOPE, reason);
  const ack = await switches.heard(tripped.epoch, 'executor');
  await new Promise((resolve) => setTimeout(resolve, WATCHED_MS));
  const to = await rearmed(switches);
  return { from: ack.at, to, tookMs: ack.at - tripped.at };
}

/** Until then by the broker's clock nobody may send: the re-arm cannot have been known before it was written. */
async function rearmed(switches: Switches): Promise<number> {
  const before = switches.acks.length;
  const from = Date.now();
  await switches.rearm(SCOPE);
  const applied = switches.acks.slice(before).find(({ scope }) => scope === SCOPE);
  return Math.min(from, applied?.at ?? from);
}

/** SIGSTOP while its sends are held up at helpdesk and more wait behind them, so that it sleeps with its lock held; woken long after. */
async function frozenOnce(world: World, switches: Switches, load: Load, run: string): Promise<Quiet> {
  await world.helpdesk.faults({ latencyMs: 250 });
  await flowing(load);
  const from = load.committed;
  await load.burst(BURST);
  await until(() => load.committed > from + BURST / 4, { what: 'the burst to begin', timeoutMs: 30_000 });
  const pid = world.system.pids()['executor']![0]!;
  process.kill(pid, 'SIGSTOP');
  try {
    const tripped = await switches.trip(SCOPE, `${run} frozen`);
    const ack = await switches.heard(tripped.epoch, 'executor');
    await new Promise((resolve) => setTimeout(resolve, WATCHED_MS));
    process.kill(pid, 'SIGCONT');
    await new Promise((resolve) => setTimeout(resolve, 2 * WATCHED_MS));
    await world.helpdesk.faults({ latencyMs: 0 });
    return { from: ack.at, to: await rearmed(switches), tookMs: ack.at - tripped.at };
  } finally {
    process.kill(pid, 'SIGCONT');
    await world.helpdesk.faults({ latencyMs: 0 });
  }
}

interface Forged {
  quiet: Quiet;
  refused: number;
  sent: number;
  flaws: string[];
}

/** What must not re-arm does not; nor does an executor that comes only now and finds all of it said before. */
async function stillKilled(
  world: World,
  switches: Switches,
  load: Load,
  run: string,
  isLong: boolean,
): Promise<Forged> {
  const bypass = await Bypass.open(world, run);
  await flowing(load);
  const tripped = await switches.trip(SCOPE, 'kept');
  const ack = await switches.heard(tripped.epoch, 'executor');
  const off = { killed: false, reason: 'forged' };
  const [alice, erin] = await Promise.all([world.token('alice'), world.token('erin')]);
  const sent: Written[] = [
    await switches.write(SCOPE, off),
    await switches.write(SCOPE, off, { authorization: `Bearer ${alice}` }),
    await switches.write(SCOPE, off, { authorization: `Bearer ${erin}` }),
    await switches.write(SCOPE, off, { authorization: `Bearer ${unsignedToken()}` }),
    await switches.write(SCOPE, null),
    await switches.write(SCOPE, { killed: 'false' }),
  ];
  await Promise.all(sent.map(({ epoch }) => switches.heard(epoch, 'policy')));
  const latest = sent.at(-1)!.epoch;
  const late = isLong ? await LateExecutor.start(world) : undefined;
  try {
    const look = () => stopped(bypass, 'killed', [latest]);
    const flaws = await (late ? late.alone(look) : look());
    const refused = switches.acks.filter(
      ({ type, epoch, service }) =>
        type === 'countersign.control.refused.v1' && service === 'policy' && sent.some((one) => one.epoch === epoch),
    );
    const quiet = { from: ack.at, to: await rearmed(switches), tookMs: ack.at - tripped.at };
    flaws.push(...(await stopped(bypass, 're-armed, decided on before the trip', [tripped.epoch - 1, tripped.epoch])));
    return { quiet, sent: sent.length, refused: new Set(refused.map(({ epoch }) => epoch)).size, flaws };
  } finally {
    await late?.stop();
  }
}

/** Refunds past policy, of these epochs, are blocked; a ticket, which no switch stops, is opened. */
async function stopped(bypass: Bypass, name: string, epochs: number[]): Promise<string[]> {
  const refund = { orderId: 'ord_19997', amount: '0.03', currency: 'EUR', reason: name };
  const ticket = { customerId: 'cus_5092', subject: 'beside the switch', body: name };
  const answers = await bypass.answers([
    ...epochs.map((epoch) => bypass.warrant({ tool: 'issue_refund', arguments: refund, grant: 'commit', epoch })),
    bypass.warrant({ tool: 'create_ticket', arguments: ticket, grant: 'commit', epoch: epochs[0]! }),
  ]);
  const control = answers.pop();
  return [
    ...answers.flatMap(({ type, code }) => (code === 'KILLED' ? [] : [`${name}: a refund was ${type} ${code}`])),
    ...(control?.type === 'committed' ? [] : [`${name}: the ticket beside it was ${control?.type} ${control?.code}`]),
  ];
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const unsignedToken = () => `${part({ alg: 'none' })}.${part({ sub: 'sam', tenant: 'acme', roles: ['sre'] })}.`;

interface Seen {
  quiet: Quiet[];
  frozen: Quiet;
  forged: Forged;
}

/** `isTimed`, in the long form: how long it took is judged too, which only an idle machine lets one do. */
async function judged(world: World, { quiet, frozen, forged }: Seen, load: Load, isTimed: boolean): Promise<Finding> {
  const effects = await refunds(world);
  const during = (span: Quiet) =>
    effects.filter(({ startedAt }) => {
      const at = Date.parse(startedAt);
      return at > span.from && at < span.to;
    });
  const late = [...quiet, frozen, forged.quiet].flatMap(during);
  const took = quiet.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  const twice = effects.length - new Set(effects.map(({ idempotencyKey }) => idempotencyKey)).size;
  const p99 = percentile(took, 0.99);
  return {
    figures: {
      'trips under load': quiet.length,
      executors: world.system.pids()['executor']?.length ?? 0,
      'intents published meanwhile': load.published,
      'refunds committed': load.committed,
      'in force p50 / p99 / most, ms': `${percentile(took, 0.5)} / ${p99} / ${took.at(-1)}`,
      'in force with one executor frozen, ms': frozen.tookMs,
      'effects begun after an acknowledgement': late.length,
      'forged re-arms and tombstones refused': `${forged.refused} of ${forged.sent}`,
    },
    flaws: [
      ...late.map(({ record, startedAt }) => `${record} was refunded at ${startedAt}, after the acknowledgement`),
      ...(isTimed && p99 > IN_FORCE_P99_MS ? [`in force p99 ${p99} ms; at most ${IN_FORCE_P99_MS}`] : []),
      ...(isTimed && frozen.tookMs > FROZEN_IN_FORCE_MS
        ? [`in force ${frozen.tookMs} ms with one executor frozen`]
        : []),
      ...(forged.refused < forged.sent ? [`${forged.sent - forged.refused} forged re-arms were not refused`] : []),
      ...forged.flaws,
      ...(twice > 0 ? [`${twice} refunds were made twice`] : []),
    ],
  };
}

import { Helpdesk, type LedgerEntry } from '@countersign/demo';
import type { System } from '@countersign/embedded';
import { auditLag } from '../checks.js';
import { costOf } from '../cost.js';
import type { LoadDriver } from '../load.js';
import { Countersign } from '../systems/countersign.js';
import { Floor } from '../systems/floor.js';
import type { Peer } from '../systems/peer.js';
import type { Drained, WithApprovals } from '../systems/under-test.js';
import { RoundBook, rotated } from './rounds.js';

/** What takes part in a run. */
export interface Field {
  system: System;
  driver: LoadDriver;
  ours: Countersign;
  peers: Peer[];
  run: string;
  say(text: string): void;
}

export interface Sizes {
  rounds: number;
  actions: number;
  /** Of the floor, Restate and DBOS for one of Countersign: so that a round of each takes about as long. */
  shares: Record<string, number>;
}

const FLOOR = 'raw floor';
const FLOOR_WARM_UP = 2_000;

/** L1: actions that rules approve, pushed all at once; each system in turn, another first in each round. */
export async function approvedLoad(field: Field, { rounds, actions, shares }: Sizes) {
  const { system, driver, ours, peers, say } = field;
  const book = new RoundBook();
  const auditMs: number[] = [];
  const of = (name: string) => Math.max(20, Math.round(actions * (shares[name] ?? 1)));
  const turns: { name: string; take: (round: number) => Promise<void> }[] = [
    { name: FLOOR, take: (round) => floorRound(field, book, of(FLOOR), round) },
    {
      name: ours.name,
      take: async () => {
        const { result, cost } = await costOf(ours.pids, async () => {
          const pushed = await ours.approved(actions);
          auditMs.push(await auditLag(driver, system.topicPrefix, system.urls.postgres));
          return pushed;
        });
        book.note(ours.name, result, cost);
      },
    },
    ...peers.map((peer) => ({
      name: peer.name,
      take: async () => {
        const { result, cost } = await costOf(peer.pids, () => peer.approved(of(peer.name)));
        book.note(peer.name, result, cost);
      },
    })),
  ];
  for (let round = 0; round < rounds; round++) {
    for (const { take } of rotated(turns, round)) await take(round);
    const rates = turns.map(({ name }) => `${name} ${book.rates(name).at(-1)?.toFixed(0)}/s`);
    say(`L1, round ${round + 1} of ${rounds}: ${rates.join(', ')}`);
  }
  return { book, auditMs };
}

async function floorRound({ system, driver, run }: Field, book: RoundBook, n: number, round: number): Promise<void> {
  const floor = await Floor.start(system, driver, `${run}-${round}`);
  try {
    await floor.approved(Math.min(n, FLOOR_WARM_UP));
    const { result, cost } = await costOf(floor.pids, () => floor.approved(n));
    book.note(floor.name, result, cost);
  } finally {
    await floor.stop();
  }
}

/** L2: actions that wait for a person, approved all at once; from the first approval to the last effect. */
export async function escalatedLoad(
  { system, ours, peers, say }: Field,
  rounds: number,
  n: number,
): Promise<RoundBook> {
  const book = new RoundBook();
  const all: WithApprovals[] = [ours, ...peers];
  for (let round = 0; round < rounds; round++) {
    for (const one of rotated(all, round)) {
      const { result, cost } = await costOf(one.pids, () => one.escalated(n));
      book.note(one.name, { rate: await drainRate(system, result), actions: n }, cost);
    }
    const rates = all.map(({ name }) => `${name} ${book.rates(name).at(-1)?.toFixed(0)}/s`);
    say(`L2, round ${round + 1} of ${rounds}: ${rates.join(', ')}`);
  }
  return book;
}

/** Helpdesk's own clock says when the last effect was done: the same for whoever did it. */
async function drainRate({ urls }: System, { firstApprovalAt, keys }: Drained): Promise<number> {
  const mine = new Set(keys);
  const ledger = (await new Helpdesk(urls.helpdesk).ledger()) as (LedgerEntry & { appliedAt: string })[];
  const times = ledger.filter(({ idempotencyKey }) => mine.has(idempotencyKey)).map((one) => Date.parse(one.appliedAt));
  const last = times.reduce((latest, at) => Math.max(latest, at), 0);
  return (times.length / (last - firstApprovalAt)) * 1000;
}

/** L3: intents in words, three turns of the stand-in model each. */
export async function spokenLoad({ ours, say }: Field, rounds: number, n: number): Promise<RoundBook> {
  const book = new RoundBook();
  for (let round = 0; round < rounds; round++) {
    const { result, cost } = await costOf(ours.pids, () => ours.spoken(n));
    book.note(ours.name, { rate: result, actions: n }, cost);
    say(`L3, round ${round + 1} of ${rounds}: ${result.toFixed(0)} intents/s`);
  }
  return book;
}

/** The way of an action from its request to its end at a steady rate, by system, ms, sorted. */
export async function steadyLoad(field: Field, perSecond: number, seconds: number): Promise<Record<string, number[]>> {
  const { system, driver, ours, peers, run, say } = field;
  const ms: Record<string, number[]> = {};
  const floor = await Floor.start(system, driver, `${run}-steady`);
  try {
    await floor.approved(500);
    ms[floor.name] = await floor.steady(perSecond, seconds);
  } finally {
    await floor.stop();
  }
  for (const one of [ours, ...peers]) ms[one.name] = await one.steady(perSecond, seconds);
  say(`latency at ${perSecond}/s of ${Object.keys(ms).join(', ')}`);
  return ms;
}

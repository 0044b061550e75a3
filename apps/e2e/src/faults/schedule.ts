/*
 * What a schedule guarantees:
 * 1. The same seed, length and quotas give the same schedule, down to what each fault draws.
 * 2. It holds each fault as often as its quota says, or there is none at all: what does not fit is refused.
 * 3. Faults of one lane do not overlap (`kills` take no time), so that no two engines are out at once.
 * 4. No instance of a service is killed while another fault holds that service down.
 * 5. All of it is over when the time is.
 */
import { FAULT_TABLE, type FaultName, type FaultRow, type Lane } from './fault-table.js';
import { numbers, shuffled } from './numbers.js';

export interface Planned {
  atMs: number;
  name: FaultName;
  lane: Lane;
  /** Of what it draws. */
  seed: number;
}

export type Quotas = ReadonlyMap<FaultName, number>;

const TEN_MINUTES = 600_000;
/** How much of the time the faults of a lane may take up: the rest are the pauses between them. */
const MOST_OF_THE_TIME = 0.9;

/** The quotas of a run of this length. Of what comes at least once in ten minutes, at least one. */
export const quotasFor = (lengthMs: number): Quotas =>
  new Map(FAULT_TABLE.map(({ name, inTenMinutes }) => [name, Math.ceil((inTenMinutes * lengthMs) / TEN_MINUTES)]));

/** These alone, as often as their pauses allow. */
export function quotasOfOnly(names: readonly FaultName[], lengthMs: number): Quotas {
  const rows = FAULT_TABLE.filter(({ name }) => names.includes(name));
  const taken = (lane: Lane) =>
    sum(rows.filter((row) => row.lane === lane).map(({ longestMs }) => longestMs + PAUSE_MS));
  return new Map(rows.map(({ name, lane }) => [name, Math.max(1, Math.floor((lengthMs * HALF) / taken(lane)))]));
}
const PAUSE_MS = 2_000;
const HALF = 0.6;

/** @throws when the quotas do not fit into the time */
export function schedule(seed: number, lengthMs: number, quotas: Quotas): Planned[] {
  const random = numbers(seed);
  const rows = FAULT_TABLE.filter(({ name }) => (quotas.get(name) ?? 0) > 0);
  const times = (row: FaultRow): FaultRow[] => Array.from({ length: quotas.get(row.name)! }, () => row);
  const laid = LANES.flatMap((lane) => {
    const some = shuffled(random, rows.filter((row) => row.lane === lane).flatMap(times));
    return laidOut(random, lengthMs, lane, some);
  });
  const held = laid.filter(({ row }) => row.holds);
  const kills = rows
    .filter(({ lane }) => lane === 'kills')
    .flatMap((row) => spread(random, lengthMs, row, times(row).length, held));
  return [...laid, ...kills]
    .map(({ atMs, row: { name, lane } }) => ({ atMs, name, lane, seed: Math.floor(random() * 2 ** 32) }))
    .sort((a, b) => a.atMs - b.atMs);
}

interface Laid {
  atMs: number;
  row: FaultRow;
}

const LANES: readonly Lane[] = ['engines', 'services', 'target', 'records'];

/** One after the other, with pauses of any length between them. */
function laidOut(random: () => number, lengthMs: number, lane: Lane, rows: FaultRow[]): Laid[] {
  const taken = sum(rows.map(({ longestMs }) => longestMs));
  if (taken > lengthMs * MOST_OF_THE_TIME)
    throw new Error(
      `${rows.length} faults of ${lane} take ${taken} ms and do not fit into ${lengthMs} ms: take fewer or more time`,
    );
  const pauses = rows.map(() => random() * (lengthMs - taken)).sort((a, b) => a - b);
  let before = 0;
  return rows.map((row, index) => {
    const atMs = Math.floor(pauses[index]! + before);
    before += row.longestMs;
    return { atMs, row };
  });
}

/** Each in a part of the time of its own, anywhere in it. */
function spread(random: () => number, lengthMs: number, row: FaultRow, count: number, held: Laid[]): Laid[] {
  const service = row.name.slice('kill:'.length);
  const isHeld = (at: number) =>
    held.some(({ atMs, row: { holds, longestMs } }) => holds === service && at >= atMs && at <= atMs + longestMs);
  return Array.from({ length: count }, (_, index) => {
    let atMs = Math.floor(((index + random()) * lengthMs) / count);
    while (isHeld(atMs)) atMs = Math.floor(random() * lengthMs);
    return { atMs, row };
  });
}

const sum = (all: number[]): number => all.reduce((total, one) => total + one, 0);

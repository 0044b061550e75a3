import type { Topic } from '@countersign/contracts';
import { Backoff } from './backoff.js';
import { GapError, messageOf } from './errors.js';
import type { Lines, Position } from './lines.js';
import type { Log } from './log.js';
import type { Assignment, Bounds, Broker, Place, Store } from './ports.js';
import type { Publisher } from './publisher.js';

export interface JoinParts {
  store: Store;
  broker: Broker;
  publisher: Publisher;
  lines: Lines;
  /** Where an instance that reads for itself begins; undefined: the group's positions stand. */
  from: Begin | undefined;
  log: Log;
  fatal: (error: unknown) => void;
  signal: AbortSignal;
}

/** From where it stood, and what there is of the log. */
export type Begin = (stored: bigint, bounds: Bounds) => bigint;

/** What an instance missed while it was off for longer than the log keeps, its peers have applied: it begins as a new one does. */
export const whereItStood: Begin = (stored, { low }) => max(stored, low);
/** The last record there is, seen before or not. */
export const atTheLast: Begin = (_, { low, high }) => max(low, high - 1n);

const max = (a: bigint, b: bigint) => (a > b ? a : b);

/**
 * Takes over partitions (guarantee 5): pauses them before anything can be fetched, loads the stored positions, holds them
 * against the log, publishes what others left, seeks and resumes. Given up when a newer join came. Engines that are away
 * are waited for, with nothing fetched meanwhile.
 */
export function takeOver(
  subscription: string,
  consumer: string,
  assignment: Assignment,
  parts: JoinParts,
  joined: () => void,
): void {
  assignment.pause();
  parts.lines.drop(subscription);
  untilDone(subscription, consumer, assignment, parts, joined).catch(parts.fatal);
}

async function untilDone(
  subscription: string,
  consumer: string,
  assignment: Assignment,
  parts: JoinParts,
  joined: () => void,
): Promise<void> {
  const backoff = new Backoff(50, 2000);
  while (assignment.isCurrent() && !parts.signal.aborted) {
    try {
      const positions = await positionsOf(consumer, assignment.places, parts);
      await parts.publisher.leftovers();
      if (!assignment.isCurrent()) return;
      parts.lines.take(subscription, consumer, positions, (place, next) => {
        if (assignment.isCurrent()) assignment.seek(place, next);
      });
      for (const { next, ...place } of positions) assignment.seek(place, next);
      assignment.resume();
      joined();
      return;
    } catch (error) {
      if (error instanceof GapError) throw error;
      parts.log.warn({ err: messageOf(error), subscription }, 'positions could not be loaded; trying again');
      await backoff.pause(parts.signal);
    }
  }
}

async function positionsOf(consumer: string, places: Place[], { store, broker, from }: JoinParts): Promise<Position[]> {
  let bounds = await boundsOfAll(places, broker);
  const boundsOf = ({ topic, partition }: Place): Bounds => {
    const found = bounds.get(topic)?.get(partition);
    if (!found) throw new Error(`the broker does not know ${topic}[${partition}] yet`);
    return found;
  };
  const stored = await store.positions(
    consumer,
    places.map((place) => ({ ...place, start: boundsOf(place).low })),
  );
  // Whoever has the partition meanwhile may have gone on beyond the ends as they were asked for.
  if (stored.some(({ next, ...place }) => next > boundsOf(place).high)) bounds = await boundsOfAll(places, broker);
  const positions = from
    ? await moved(stored, consumer, ({ next, ...place }) => from(next, boundsOf(place)), store)
    : stored;
  return positions.map(({ next, ...place }) => {
    const bounds = boundsOf(place);
    checkBounds(`${consumer} on ${place.topic}[${place.partition}]`, next, bounds);
    return { ...place, next, stood: bounds.high };
  });
}

async function boundsOfAll(places: Place[], broker: Broker): Promise<Map<Topic, Map<number, Bounds>>> {
  const bounds = new Map<Topic, Map<number, Bounds>>();
  for (const { topic } of places) if (!bounds.has(topic)) bounds.set(topic, await broker.bounds(topic));
  return bounds;
}

type Stored = Place & { next: bigint };

async function moved(stored: Stored[], consumer: string, begin: (stored: Stored) => bigint, store: Store) {
  const positions = stored.map((position) => ({ ...position, next: begin(position) }));
  const moves = stored.flatMap(({ topic, partition, next: from }, at) => {
    const to = positions[at]!.next;
    return to === from ? [] : [{ key: { consumer, topic, partition }, from, to }];
  });
  if (moves.length) await store.transact((tx) => tx.advance(moves));
  return positions;
}

function checkBounds(place: string, next: bigint, { low, high }: Bounds): void {
  if (next < low) throw new GapError(place, `records ${next} to ${low - 1n} are gone unread`);
  if (next > high) throw new GapError(place, `the log ends at ${high}, before the stored position ${next}`);
}

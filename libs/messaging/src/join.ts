import type { Topic } from '@countersign/contracts';
import { Backoff } from './backoff.js';
import { GapError, messageOf } from './errors.js';
import type { Lines } from './lines.js';
import type { Log } from './log.js';
import type { Assignment, Bounds, Broker, Place, Store } from './ports.js';
import type { Publisher } from './publisher.js';

export interface JoinParts {
  store: Store;
  broker: Broker;
  publisher: Publisher;
  lines: Lines;
  log: Log;
  fatal: (error: unknown) => void;
  signal: AbortSignal;
}

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
  parts.lines.replace(subscription, consumer, []);
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
      parts.lines.replace(subscription, consumer, positions);
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

async function positionsOf(
  consumer: string,
  places: Place[],
  { store, broker }: JoinParts,
): Promise<(Place & { next: bigint })[]> {
  const topics = [...new Set(places.map((place) => place.topic))];
  const bounds = new Map<Topic, Map<number, Bounds>>();
  for (const topic of topics) bounds.set(topic, await broker.bounds(topic));
  const boundsOf = ({ topic, partition }: Place): Bounds => {
    const found = bounds.get(topic)?.get(partition);
    if (!found) throw new Error(`the broker does not know ${topic}[${partition}] yet`);
    return found;
  };
  const positions = await store.positions(
    consumer,
    places.map((place) => ({ ...place, start: boundsOf(place).low })),
  );
  for (const { next, ...place } of positions)
    checkBounds(`${consumer} on ${place.topic}[${place.partition}]`, next, boundsOf(place));
  return positions;
}

function checkBounds(place: string, next: bigint, { low, high }: Bounds): void {
  if (next < low) throw new GapError(place, `records ${next} to ${low - 1n} are gone unread`);
  if (next > high) throw new GapError(place, `the log ends at ${high}, before the stored position ${next}`);
}

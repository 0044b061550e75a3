import type { GetV1ControlResponse } from '../../api/generated/index.js';
import { killScope } from './marks.js';
import type { Plot } from './plots.js';
import { axisTime, type Range } from './range.js';
import { counted, duration } from './words.js';

/** What a service says of itself, of `GET /v1/pipeline`; `lag` is absent where it does not answer. */
export interface ServiceLag {
  service: string;
  reachable: boolean;
  lag?: number | undefined;
}

/** How far each service is behind, as it stands now. A service that does not answer is unknown, and said to be. */
export function lagPlot(services: readonly ServiceLag[]): Plot {
  const known = services.flatMap(({ service, reachable, lag }) =>
    reachable && lag !== undefined ? [{ service, lag }] : [],
  );
  const unknown = services.filter(({ service }) => !known.some((one) => one.service === service));
  return {
    id: 'lag',
    title: titleOfLag(
      known,
      unknown.map(({ service }) => service),
    ),
    note: 'Records that each service has not read yet, now.',
    figures: {
      columns: ['Service', 'Records behind'],
      rows: services.map(({ service }) => [service, known.find((one) => one.service === service)?.lag ?? 'unknown']),
    },
    ...(known.some(({ lag }) => lag > 0)
      ? {
          chart: {
            ...{ kind: 'by-name', unit: 'count', series: ['records behind'] },
            bars: known.map(({ service, lag }) => ({ name: service, values: [lag] })),
          },
        }
      : { empty: unknown.length === 0 ? 'Every service has read all there is.' : 'Look at the pipeline.' }),
  };
}

function titleOfLag(known: readonly { service: string; lag: number }[], unknown: readonly string[]): string {
  if (unknown.length > 0) return `Unknown: ${unknown.join(', ')} ${unknown.length === 1 ? 'does' : 'do'} not answer`;
  const behind = known.filter(({ lag }) => lag > 0).sort((a, b) => b.lag - a.lag);
  const [most] = behind;
  if (!most) return 'No service is behind';
  return `${counted(behind.length, 'service is', 'services are')} behind, ${most.service} by ${counted(most.lag, 'record')}`;
}

type Change = GetV1ControlResponse['history'][number];

/** How long each trip of a kill switch took, from the broker's taking it to nothing of its scope being sent any more. */
export function tripsPlot(history: readonly Change[], range: Range): Plot {
  const within = ({ at }: Change) =>
    at !== null && Date.parse(at) >= Date.parse(range.from) && Date.parse(at) < Date.parse(range.to);
  const trips = history.filter((change) => change.killed === true && !change.refused && within(change)).reverse();
  const known = trips.flatMap((trip) => (trip.tookMs === null ? [] : [trip.tookMs / 1000]));
  const open = trips.length - known.length;
  const words = (trip: Change) => `${killScope(trip.scope)}, ${axisTime(trip.at!, range)}`;
  return {
    id: 'trips',
    title: titleOfTrips(trips.length, open, known, range),
    note: 'From the broker’s taking a trip to nothing of its scope being sent any more.',
    figures: {
      columns: ['When', 'Stopped', 'By', 'Why', 'In force after', 'Acknowledged'],
      rows: trips.map(({ at, scope, by, reason, tookMs, applied }) => [
        { value: at!, text: axisTime(at!, range) },
        ...[killScope(scope), by, reason],
        tookMs === null ? 'unknown' : { value: tookMs / 1000, text: duration(tookMs / 1000) },
        `${applied.acknowledged} of ${applied.instances}`,
      ]),
    },
    ...(known.length > 0
      ? {
          chart: {
            ...{ kind: 'by-name', unit: 'seconds', series: ['in force after'] },
            bars: trips.map((trip) => ({
              name: words(trip),
              values: [trip.tookMs === null ? null : trip.tookMs / 1000],
            })),
          },
        }
      : { empty: trips.length === 0 ? 'No kill switch was tripped.' : 'Look at the kill switches.' }),
  };
}

function titleOfTrips(trips: number, open: number, known: readonly number[], range: Range): string {
  if (trips === 0) return `Nothing was stopped ${range.words}`;
  if (open > 0) return `Unknown: ${counted(open, 'trip is', 'trips are')} not known to be in force`;
  const slowest = duration(Math.max(...known));
  return trips === 1 ? `1 trip, in force after ${slowest}` : `${trips} trips, the slowest in force after ${slowest}`;
}

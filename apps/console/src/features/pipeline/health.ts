import type { GetV1PipelineResponses } from '../../api/generated/types.gen.js';
import type { Tone } from '../../ui/tag.js';

export type Health = GetV1PipelineResponses[200]['data'][number];

/** Nothing known is no good news. */
export function healthOf({
  reachable,
  ready,
  notices = [],
}: Pick<Health, 'reachable' | 'ready' | 'notices'>): [Tone, string] {
  if (!reachable) return ['warn', 'unknown: it does not answer'];
  if (!ready) return ['bad', 'not ready'];
  return notices.length > 0 ? ['warn', 'ready, with a notice'] : ['good', 'ready'];
}

export const lagWords = (lag: number | undefined): string => {
  if (lag === undefined) return 'unknown';
  return lag === 0 ? 'nothing' : `${lag} ${lag === 1 ? 'record' : 'records'}`;
};

export const lastHeard = (ageMs: number): string =>
  ageMs < 1_000 ? 'asked just now' : `last asked ${Math.round(ageMs / 1000)} s ago`;

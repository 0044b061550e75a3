import type { CloudEvent, Incoming } from '@countersign/contracts';
import { applyControl, controlKey, type ControlRow } from '@countersign/control';
import { ignore, put, type Effect, type States } from '@countersign/messaging/stream';
import { placeOf, type Facts } from './decide.js';

type Applied = Incoming & { event: CloudEvent<'countersign.control.applied.v1'> };

export const controlTouches = ({ event: { data } }: Applied) =>
  data.service === 'policy' ? [controlKey(data.scope)] : [];

/**
 * Keeps what stops time. Nothing waits for it: an item that is decided on before a trip is heard of here is policy's to judge, which
 * asks people again, and an expiry announced too early is one that policy does not take.
 */
export function decideControl(incoming: Applied, states: States, { forged }: Pick<Facts, 'forged'>): Effect[] {
  const { data } = incoming.event;
  if (data.service !== 'policy') return [ignore("not policy's word")];
  const because = forged.get(placeOf(incoming));
  if (because) return [ignore(`not policy's: ${because}`)];
  const { scope, value, epoch, at, appendedAt, by } = data;
  const key = controlKey(scope);
  const row = applyControl(states.get<ControlRow>(key), { scope, value, epoch, at: appendedAt ?? at, by });
  return [row ? put(key, row) : ignore('nothing new')];
}

import { cut, eventIdOf, type Person } from '@countersign/contracts';
import { emit, put, type Effect, type States } from '@countersign/messaging/stream';
import { maskWords, tokenPlaces } from '@countersign/sealing';
import { boundOf, draftOf } from './decide.js';
import { approvalKey, type Item } from './state.js';

const TYPE = 'countersign.approval.viewed.v1';
/** Whoever comes after that many is told of each time. */
const MOST_VIEWERS = 500;

export const hasViewed = ({ viewers = [] }: Pick<Item, 'viewers'>, { sub }: Pick<Person, 'sub'>) =>
  viewers.includes(sub);

/** That sealed values of an item are shown to a person: said once for each of them, before they are shown. */
export function decideViewed(
  approvalId: string,
  { sub, roles }: Pick<Person, 'sub' | 'roles'>,
  opened: ReadonlySet<string>,
  states: States,
  now: Date,
): { effects: Effect[]; result: void } {
  const item = states.get<Item>(approvalKey(approvalId));
  if (!item || hasViewed(item, { sub })) return { effects: [], result: undefined };
  const viewers = [...(item.viewers ?? []), sub].slice(-MOST_VIEWERS);
  const id = eventIdOf(TYPE, approvalId, sub);
  const viewedAt = now.toISOString();
  const data = { ...boundOf(item), viewer: { sub, roles }, opened: placesOf(item, opened), viewedAt };
  return {
    effects: [
      put(approvalKey(approvalId), { ...item, viewers }),
      emit({ ...draftOf(item, TYPE, id, item.openedEventId, now), data }),
    ],
    result: undefined,
  };
}

/** The first place of each. */
function placesOf({ escalated }: Item, opened: ReadonlySet<string>): { token: string; path: string }[] {
  const shown = { arguments: escalated.arguments, preview: { effect: escalated.preview?.effect ?? null } };
  const places = new Map<string, string>();
  for (const { token, path } of tokenPlaces(shown))
    if (opened.has(token) && !places.has(token)) places.set(token, cut(maskWords(path), 500));
  return [...places].map(([token, path]) => ({ token, path }));
}

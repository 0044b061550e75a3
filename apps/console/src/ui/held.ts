import { useEffect, useState } from 'react';

export interface Held<T> {
  /** In the order they were first shown; each as it was last heard of. */
  shown: T[];
  /** Ids of those shown that the list no longer has. */
  gone: ReadonlySet<string>;
  /** How many came since. */
  fresh: number;
  /** Shows the list as it is now. */
  takeIn: () => void;
}

/**
 * A list that does not move under somebody's hands: what was shown stays where it stands, what is new is counted until it is asked
 * for. `of`: what list it is; another one is shown at once.
 */
export function useHeld<T>(latest: readonly T[] | undefined, idOf: (item: T) => string, of: string): Held<T> {
  const [held, setHeld] = useState<{ of: string; items: T[] }>({ of, items: [] });
  const isOther = held.of !== of || held.items.length === 0;
  useEffect(() => {
    if (latest && isOther && latest.length > 0) setHeld({ of, items: [...latest] });
  }, [latest, isOther, of]);
  const before = held.of === of ? held.items : [];
  return { ...heldOf(before, latest ?? [], idOf), takeIn: () => setHeld({ of, items: [...(latest ?? [])] }) };
}

/** What of a list stands where, given what was shown before. */
export function heldOf<T>(before: readonly T[], latest: readonly T[], idOf: (item: T) => string) {
  if (before.length === 0) return { shown: [...latest], gone: new Set<string>(), fresh: 0 };
  const now = new Map(latest.map((item) => [idOf(item), item]));
  const known = new Set(before.map(idOf));
  return {
    shown: before.map((item) => now.get(idOf(item)) ?? item),
    gone: new Set(before.map(idOf).filter((id) => !now.has(id))),
    fresh: latest.filter((item) => !known.has(idOf(item))).length,
  };
}

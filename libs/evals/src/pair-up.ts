/** Which of what was expected was found, and which of what was found had to be expected and was not. */
export interface Pairs<E, F> {
  missing: E[];
  unexpected: F[];
}

/**
 * Pairs each expectation with another thing found that fits it, in any order: as many as can be, and those that may not be left out
 * first (Kuhn's augmenting paths, from both sides; what is once paired stays paired).
 */
export function pairUp<E, F>(
  expected: readonly E[],
  found: readonly F[],
  fits: (expected: E, found: F) => boolean,
  mayBeLeftOut: (found: F) => boolean,
): Pairs<E, F> {
  const foundOf = new Map<number, number>();
  const expectedOf = new Map<number, number>();
  const pair = (e: number, f: number) => {
    foundOf.set(e, f);
    expectedOf.set(f, e);
    return true;
  };
  const pairFound = (f: number, seen: Set<number>): boolean =>
    expected.some((each, e) => {
      if (seen.has(e) || !fits(each, found[f]!)) return false;
      seen.add(e);
      const other = foundOf.get(e);
      return (other === undefined || pairFound(other, seen)) && pair(e, f);
    });
  const pairExpected = (e: number, seen: Set<number>): boolean =>
    found.some((each, f) => {
      if (seen.has(f) || !fits(expected[e]!, each)) return false;
      seen.add(f);
      const other = expectedOf.get(f);
      return (other === undefined || pairExpected(other, seen)) && pair(e, f);
    });
  found.forEach((each, f) => mayBeLeftOut(each) || pairFound(f, new Set()));
  expected.forEach((_, e) => foundOf.has(e) || pairExpected(e, new Set()));
  return {
    missing: expected.filter((_, e) => !foundOf.has(e)),
    unexpected: found.filter((each, f) => !expectedOf.has(f) && !mayBeLeftOut(each)),
  };
}

/** Whether what was found is what was expected in this order, but for what may be left out. */
export function inOrder<E, F>(
  expected: readonly E[],
  found: readonly F[],
  fits: (expected: E, found: F) => boolean,
  mayBeLeftOut: (found: F) => boolean,
): boolean {
  // Of what was found so far: after which counts of expectations it may stand.
  let reached = new Set([0]);
  for (const each of found) {
    const next = new Set<number>();
    for (const count of reached) {
      if (mayBeLeftOut(each)) next.add(count);
      if (count < expected.length && fits(expected[count]!, each)) next.add(count + 1);
    }
    reached = next;
  }
  return reached.has(expected.length);
}

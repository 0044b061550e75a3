import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

const SAFE = ['GET', 'HEAD'];

/**
 * Why a request that a cookie vouches for is refused: a browser sends the cookie whoever made it ask. What changes something has to come
 * from the console's own page, which alone can read the session's CSRF token; what only looks must not be asked by another site.
 */
export function crossSiteFlaw(
  method: string,
  headers: IncomingHttpHeaders,
  session: { csrf: string; origin: string },
): string | undefined {
  const site = headers['sec-fetch-site'];
  if (SAFE.includes(method)) {
    return site === undefined || site === 'same-origin' || site === 'none' ? undefined : 'another site asks for it';
  }
  // Browsers that do not say the first say the second.
  const fromHere = site === undefined ? headers.origin === session.origin : site === 'same-origin';
  if (!fromHere) return 'it does not come from the console';
  return isSame(headers['x-csrf-token'], session.csrf) ? undefined : 'x-csrf-token is not that of the session';
}

function isSame(given: string | string[] | undefined, expected: string): boolean {
  if (typeof given !== 'string') return false;
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}

import type { EventData } from './events/catalog.js';
import { MAX_REQUEST_CHARS, payloadFlaw } from './payload.js';

/** What product services and agents ask for. */
export type RequestType = 'countersign.intent.requested.v1' | 'countersign.action.requested.v1';
/** A field and what is wrong with it, in words for its sender; the whole has the empty path. */
export interface FieldFlaw {
  path: string;
  message: string;
}

/** 1 to 200 visible ASCII characters: what an `Idempotency-Key` is. */
export const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,200}$/;
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f]/;

/** Why a request that fits its schema could not travel as an event all the same. */
export function requestFlaws(request: EventData<RequestType>): FieldFlaw[] {
  const flaws: FieldFlaw[] = [];
  if (CONTROL_CHARACTERS.test(request.session)) flaws.push({ path: 'session', message: 'no control characters' });
  for (const [path, value] of Object.entries(request)) {
    const message = payloadFlaw(value);
    if (message) flaws.push({ path, message });
  }
  if (flaws.length === 0 && JSON.stringify(request).length > MAX_REQUEST_CHARS)
    flaws.push({ path: '', message: `at most ${MAX_REQUEST_CHARS} characters of JSON` });
  return flaws;
}

import type { Json } from '@countersign/contracts';
import { decoded, type StoredRecord } from '@countersign/evidence';
import { tokenPlaces, type TokenPlace } from '@countersign/sealing';

/** Where a token stands: in which event, and there at which path. */
export interface Place extends TokenPlace {
  event: string;
  type: string;
}

/**
 * Every token in what services signed, in order. One that stands in a request proves nothing: whoever may publish one may have
 * written it.
 */
export function* placesIn(rows: Iterable<StoredRecord>): Iterable<Place> {
  for (const row of rows) {
    const event = row.signature === 'valid' ? decoded(row) : undefined;
    if (!event) continue;
    for (const place of tokenPlaces(event.data as Json)) yield { ...place, event: event.id, type: event.type };
  }
}

import type { EventType } from '@countersign/contracts';

export interface Missing {
  /** One of these types is what is not stored. */
  oneOf: EventType[];
  says: string;
  /** Id of the stored event that needs it. */
  namedBy: string;
}

export const need = (by: { event: { id: string } }, says: string, ...oneOf: EventType[]): Missing => ({
  oneOf,
  says,
  namedBy: by.event.id,
});

import { controlRowsIn } from '@countersign/control';
import type { FakeQueries } from '@countersign/messaging';

/** The meaning of approval's SQL on the fake database. */
export const fakeQueries: FakeQueries = {
  control: (_, __, { tables }) => controlRowsIn(tables.states),
  'find-doubt': (_, [key], { tables }) => {
    const body = tables.states.get(key as string)?.body;
    return body === undefined ? [] : [JSON.parse(body) as object];
  },
};

import { controlRowsIn } from '@countersign/control';
import type { FakeQueries } from '@countersign/messaging';

/** The meaning of policy's SQL on the fake database. */
export const fakeQueries: FakeQueries = {
  'control-view': (_, __, { tables }) => controlRowsIn(tables.states),
  'control-judged': (_, [keys], { tables }) =>
    (keys as string[]).filter((key) => tables.states.get(key)?.body !== undefined).map((key) => ({ key })),
};

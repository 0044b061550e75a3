import { CONTROL_KEYS } from '@countersign/control';
import type { FakeQueries, FakeDatabase } from '@countersign/messaging';

/** The meaning of the SQL that the services prepare, on the tables of the fake database. */
type Answer = (database: FakeDatabase, values: unknown[]) => object[];

const bodyOf = (text: string | undefined) => (text === undefined ? undefined : (JSON.parse(text) as object));

function controlRows({ tables }: FakeDatabase): { body: object }[] {
  return [...tables.states]
    .filter(([key, { body }]) => key >= CONTROL_KEYS.from && key < CONTROL_KEYS.to && body !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { body }]) => ({ body: bodyOf(body)! }));
}

/** READING_SQL: the database's time, and all switches and stages. */
export const reading = (database: FakeDatabase) => ({
  now: String(database.clock()),
  rows: controlRows(database).map(({ body }) => body),
});

function judged({ tables }: FakeDatabase, [keys]: unknown[]): object[] {
  return (keys as string[]).filter((key) => tables.states.get(key)?.body !== undefined).map((key) => ({ key }));
}

/** What was sent and has no known end. */
function unknownEnds({ tables }: FakeDatabase): object[] {
  const rows = [...tables.work.values()];
  const settled = new Set(rows.filter(({ status }) => status === 'RESOLVED').map(({ id }) => id.split('/')[0]));
  return rows
    .filter(({ kind }) => kind === 'grant')
    .filter(({ id, status, endedAt }) =>
      endedAt === undefined ? status === 'SENT' : status === 'IN_DOUBT' && !settled.has(id),
    )
    .map(({ body }) => ({ warrant: (body as { warrant: string }).warrant }));
}

const ANSWERS: Record<string, Answer> = {
  gate: (database) => [reading(database)],
  control: controlRows,
  'control-view': controlRows,
  'control-judged': judged,
  clock: (database) => [{ now: String(database.clock()) }],
  'find-doubt': ({ tables }, [key]) => [bodyOf(tables.states.get(key as string)?.body) ?? []].flat(),
  'unknown-ends': unknownEnds,
};

/** Of a snapshot of what is committed. */
export const queries: FakeQueries = Object.fromEntries(
  Object.entries(ANSWERS).map(([name, answer]) => [name, (_, values, database) => answer(database, values)]),
);

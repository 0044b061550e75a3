import { inBuilt, inSpecs, onEngines, simulated, type Defence } from './defence.js';

const PROJECT = 'libs/messaging';
const built = inBuilt(PROJECT);
const HOLDS = '1: applies a batch whole';
const onFake = (fails: string) => inSpecs(PROJECT)('fake/fake', fails, HOLDS);
const onBoth = (fails: string) => [onFake(fails), onEngines(PROJECT)('kafka/kafka', fails, HOLDS)];

/** Of the ways from a record to its effect in the database, and from there to the work and to the topics. */
export const MESSAGING_DEFENCES: readonly Defence[] = [
  {
    name: 'offset condition',
    removals: [
      built('postgres/postgres-tx', 'AND o.partition = m.p AND o.next = m.f', 'AND o.partition = m.p'),
      built('fake/fake-tx', 'if (this.transaction.get(offsets, name) !== from)', 'if (false)'),
    ],
    caughtBy: onBoth('2: a zombie owner with a stale batch'),
  },
  {
    name: 'a look at the offset condition',
    removals: [built('processor', 'if (!(await tx.advance(moves)))', 'if (!(await tx.advance(moves)) && false)')],
    caughtBy: [onFake('2: a zombie owner with a stale batch')],
  },
  {
    name: 'unique state rows',
    removals: [
      built('postgres/postgres-tx', ' WHERE state.rev = excluded.rev - 1 RETURNING 1', ' RETURNING 1'),
      built('fake/fake-tx', 'if ((this.transaction.get(states, key)?.rev ?? 0) !== rev)', 'if (false)'),
    ],
    caughtBy: [
      onEngines(PROJECT)(
        'postgres/postgres',
        '2: two transactions that find the same row absent',
        '9: two owners never claim the same row',
      ),
      simulated,
    ],
  },
  {
    name: 'outbox row',
    removals: [built('committer', 'records.length ? tx.addOutbox({ id: outboxId, records }) : undefined', 'undefined')],
    caughtBy: [onFake('1, 8: a crash between any two steps'), simulated],
  },
  {
    name: 'fence of an end',
    removals: [
      built(
        'postgres/postgres-tx',
        'WHERE w.id = t.i AND w.fence = t.f AND w.owner = $5 AND ${OPEN} RETURNING w.id',
        'WHERE w.id = t.i AND $5::text IS NOT NULL AND ${OPEN} RETURNING w.id',
      ),
      built(
        'fake/fake-tx',
        'row.fence === one.fence && row.owner === this.connection.owner && row.endedAt === undefined',
        'row.endedAt === undefined',
      ),
    ],
    caughtBy: onBoth('9: a late completion is written down and changes nothing'),
  },
  {
    name: 'fence of a mark',
    removals: [
      built(
        'postgres/postgres-store',
        'WHERE w.id = t.i AND w.fence = t.f AND w.owner = $3 AND ${OPEN} RETURNING w.id, w.fence',
        'WHERE w.id = t.i AND $3::text IS NOT NULL AND ${OPEN} RETURNING w.id, w.fence',
      ),
      built(
        'fake/fake-store',
        'row.fence === ref.fence && row.owner === this.owner && row.endedAt === undefined',
        'row.endedAt === undefined',
      ),
    ],
    caughtBy: onBoth('9: a former owner cannot mark'),
  },
];

/*
 * When nothing of a tenant is under way any more. What it guarantees:
 * 1. A tenant is quiet once every record of it was handled by every consumer that handles its type, no transaction of it waits to be
 *    published, and no work of it is at hand. All three are rows that a transaction changes together: there is no moment in between.
 * 2. What waits for a person, or for a time far off (an expiry), is quiet: nothing happens by itself.
 * 3. What never becomes quiet is told by name once its time is over.
 * A change of a switch, a stage or a release concerns all tenants. It is quiet by itself, under the name of the record that asked for it.
 */
import type { OutRecord, Topic } from '@countersign/contracts';
import type { Consumer, FakeDatabase } from '@countersign/messaging';
import type { Placed, WatchedCluster } from './watched-cluster.js';

/** Who reads, and where it is written down how far. */
export interface Reader {
  database: FakeDatabase;
  instance: string;
  // As messaging takes them: each decides on facts of its own.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  consumer: Consumer<any>;
}

interface Unread extends Placed {
  type: string;
  readers: { database: FakeDatabase; name: string; by: string }[];
}
interface Waiting {
  tenants: readonly string[];
  until: number;
  resolve: () => void;
  reject: (error: Error) => void;
}

const LOOK_EVERY_MS = 2;
export const LIMIT_MS = 10_000;
/** Work that is due later than this is no work at hand. */
const AT_HAND_MS = 15_000;
/** Whose work a drain is. */
const SYSTEM = 'system';

export class StillBusy extends Error {}

export class Quiet {
  private readonly readers = new Map<Topic, { reader: Reader; routes: Record<string, unknown> }[]>();
  private readonly unread = new Map<string, Unread[]>();
  private waiting: Waiting[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly databases: ReadonlyMap<string, FakeDatabase>,
    private readonly cluster: () => WatchedCluster,
  ) {}

  addReader(reader: Reader): void {
    for (const [topic, routes] of Object.entries(reader.consumer.topics) as [Topic, Record<string, unknown>][])
      this.readers.set(topic, [...(this.readers.get(topic) ?? []), { reader, routes }]);
  }

  appended(record: OutRecord, place: Placed): void {
    const type = typeOf(record);
    const tenant = wholeOf(record);
    const handling = (this.readers.get(place.topic) ?? []).filter(
      ({ routes }) => (routes[type] ?? 'ignore') !== 'ignore',
    );
    if (handling.length === 0) return;
    const readers = handling.map(({ reader: { database, instance, consumer } }) => {
      const by = consumer.everyInstance ? `${consumer.name}@${instance}` : consumer.name;
      return { database, by, name: `${by} ${place.topic} ${place.partition}` };
    });
    const list = this.unread.get(tenant) ?? [];
    this.unread.set(tenant, list);
    list.push({ ...place, type, readers });
  }

  /** Resolves once all these tenants, or changes, are quiet. Rejects with what they wait for when that takes too long. */
  until(tenants: readonly string[], limitMs = LIMIT_MS): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ tenants, until: performance.now() + limitMs, resolve, reject });
      this.timer ??= setTimeout(() => this.look(), LOOK_EVERY_MS);
    });
  }

  forget(tenant: string): void {
    this.unread.delete(tenant);
  }

  private look(): void {
    const busy = this.busy();
    const now = performance.now();
    this.waiting = this.waiting.filter(({ tenants, until, resolve, reject }) => {
      const still = tenants.flatMap((tenant) => busy.get(tenant) ?? []);
      if (still.length === 0) resolve();
      else if (now > until) reject(new StillBusy(`still under way: ${[...new Set(still)].slice(0, 5).join('; ')}`));
      else return true;
      return false;
    });
    this.timer = this.waiting.length > 0 ? setTimeout(() => this.look(), LOOK_EVERY_MS) : undefined;
  }

  /** By tenant, what is under way. */
  private busy(): Map<string, string[]> {
    const busy = new Map<string, string[]>();
    const say = (tenant: string, what: string) => busy.set(tenant, [...(busy.get(tenant) ?? []), what]);
    for (const [tenant, records] of this.unread) {
      const left = records.filter((record) => isUnread(record));
      this.unread.set(tenant, left);
      for (const { type, readers } of left) say(tenant, `${type} waits for ${readers.map(({ by }) => by).join(', ')}`);
    }
    for (const [service, { tables, clock }] of this.databases) {
      const soon = clock() + AT_HAND_MS;
      for (const { tenant, kind, endedAt, notBeforeMs, status, body } of tables.work.values())
        if (endedAt === undefined && notBeforeMs < soon)
          say(tenant === SYSTEM ? changeOf(body) : tenant, `${service} has a ${kind} that is ${status}`);
      for (const { records } of tables.outbox.values())
        for (const record of records)
          if (!this.cluster().has(record)) say(wholeOf(record), `${service} has not published ${typeOf(record)}`);
    }
    return busy;
  }
}

export const tenantOf = ({ headers }: Pick<OutRecord, 'headers'>): string => headers['ce_tenantid'] ?? '';
export const typeOf = ({ headers }: Pick<OutRecord, 'headers'>): string => headers['ce_type'] ?? '';

/** A change under the id of the event that asks for it. */
export const changeNamed = (id: string): string => `change/${id}`;
const changeOf = (body: unknown) => changeNamed((body as { cause: string }).cause);

/** What becomes quiet as a whole: a tenant, or a change. */
function wholeOf(record: OutRecord): string {
  const { ce_id: id = '', ce_causationid: cause = '' } = record.headers;
  if (record.topic === 'control') return changeNamed(id);
  return record.topic === 'control-acks' ? changeNamed(cause) : tenantOf(record);
}

function isUnread({ offset, readers }: Unread): boolean {
  return readers.some(({ database, name }) => (database.tables.offsets.get(name) ?? 0n) <= offset);
}

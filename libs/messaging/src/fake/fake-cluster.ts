import type { OutRecord, RawRecord, Topic } from '@countersign/contracts';
import type { Bounds, Place } from '../ports.js';

/** A member of a group, as the cluster sees it. */
export interface Member {
  readonly id: number;
  /** Given partitions. May be called again any time. */
  assigned(places: Place[]): void;
  /** There may be something new to fetch. */
  wake(): void;
}

interface Log {
  /** `undefined` takes an offset and is never delivered: the marker of a producer's transaction. */
  records: (RawRecord | undefined)[];
  low: bigint;
}

/** What Kafka is to several processes: logs and groups that outlive them, and the faults that were seen on the real one. */
export class FakeCluster {
  private readonly logs = new Map<string, Log>();
  private readonly groups = new Map<string, { topics: Topic[]; members: Member[] }>();

  /** `partitions`: of every topic, or by topic. `clock`: the broker's own. */
  constructor(
    private readonly partitions: number | ((topic: Topic) => number) = 2,
    private readonly clock: () => number = Date.now,
  ) {}

  append(record: OutRecord | (Omit<OutRecord, 'value'> & { value: Buffer | null })): Place & { offset: bigint } {
    const place = { topic: record.topic, partition: hash(record.key) % this.count(record.topic) };
    const log = this.log(place);
    const offset = BigInt(log.records.length);
    const value = record.value === null ? null : Buffer.from(record.value);
    const headers = Object.fromEntries(
      Object.entries(record.headers).map(([name, header]) => [name, Buffer.from(header)]),
    );
    log.records.push({ ...place, offset, timestamp: this.clock(), key: Buffer.from(record.key), value, headers });
    this.wakeAll(record.topic);
    return { ...place, offset };
  }

  read(topic: Topic): RawRecord[] {
    return this.places([topic]).flatMap((place) => this.log(place).records.filter((record) => record !== undefined));
  }

  bounds(place: Place): Bounds {
    const { low, records } = this.log(place);
    return { low, high: BigInt(records.length) };
  }

  /** Records from `from` on, at most `limit`. */
  fetch(place: Place, from: bigint, limit: number): RawRecord[] {
    const { records } = this.log(place);
    return records
      .slice(Number(from))
      .filter((record) => record !== undefined)
      .slice(0, limit);
  }

  places(topics: Topic[]): Place[] {
    return topics.flatMap((topic) =>
      Array.from({ length: this.count(topic) }, (_, partition) => ({ topic, partition })),
    );
  }

  /** Fault: records below `low` are gone. Who reads there is moved to `low` without being told. */
  truncate(place: Place, low: bigint): void {
    const log = this.log(place);
    log.low = low;
    log.records.fill(undefined, 0, Number(low));
    this.wakeAll(place.topic);
  }

  /** Fault: the topic was made anew. */
  recreate(place: Place): void {
    this.logs.set(name(place), { records: [], low: 0n });
    this.wakeAll(place.topic);
  }

  /** An offset that holds no record. */
  marker(place: Place): void {
    this.log(place).records.push(undefined);
  }

  join(group: string, topics: Topic[], member: Member): void {
    const found = this.groups.get(group) ?? { topics, members: [] };
    this.groups.set(group, found);
    found.members = [...found.members.filter(({ id }) => id !== member.id), member];
    this.rebalance(found);
  }

  leave(group: string, member: Member): void {
    const found = this.groups.get(group);
    if (!found?.members.includes(member)) return;
    found.members = found.members.filter((one) => one !== member);
    this.rebalance(found);
  }

  /** Fault: the member's partitions go to the others. It is not told. */
  evict(group: string, member: Member): void {
    this.leave(group, member);
  }

  isMember(group: string, member: Member): boolean {
    return this.groups.get(group)?.members.includes(member) ?? false;
  }

  private rebalance({ topics, members }: { topics: Topic[]; members: Member[] }): void {
    const places = this.places(topics);
    members.forEach((member, index) => member.assigned(places.filter((_, at) => at % members.length === index)));
  }

  private wakeAll(topic: Topic): void {
    for (const { topics, members } of this.groups.values())
      if (topics.includes(topic)) for (const member of members) member.wake();
  }

  private count(topic: Topic): number {
    return typeof this.partitions === 'number' ? this.partitions : this.partitions(topic);
  }

  private log(place: Place): Log {
    let log = this.logs.get(name(place));
    if (!log) this.logs.set(name(place), (log = { records: [], low: 0n }));
    return log;
  }
}

const name = ({ topic, partition }: Place) => `${topic} ${partition}`;
const hash = (key: string) => [...key].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) >>> 0, 7);

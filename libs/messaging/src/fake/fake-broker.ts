import { AsyncLocalStorage } from 'node:async_hooks';
import type { OutRecord, Topic } from '@countersign/contracts';
import type { Assignment, Batch, Bounds, Broker, Listener, Place, SubscriptionSpec } from '../ports.js';
import { delay } from '../backoff.js';
import { sendBytes } from '../record-size.js';
import { FakeCluster, type Member } from './fake-cluster.js';
import type { Wire } from './wire.js';

const FETCH_LIMIT = 1000;
/** As the topics are made: `max.message.bytes`. */
const MAX_SEND_BYTES = 4 * 1024 * 1024;

/** One process's connection to a `FakeCluster`, with the habits of kafkajs that matter: see kafka-broker.ts. */
export class FakeBroker implements Broker {
  readonly fetchers: Fetcher[] = [];
  /** Fault: so many publishes fail; `lost` ones are appended all the same, only the answer is lost. */
  failures: ('refused' | 'lost')[] = [];

  constructor(
    readonly cluster = new FakeCluster(),
    private readonly wire: Wire = onItsWay,
  ) {}

  checkTopics(): Promise<void> {
    return Promise.resolve();
  }

  async subscribe(spec: SubscriptionSpec, listener: Listener): Promise<void> {
    const fetcher = new Fetcher(this.cluster, spec, listener, this.wire);
    this.fetchers.push(fetcher);
    fetcher.start();
  }

  async bounds(topic: Topic): Promise<Map<number, Bounds>> {
    const look = () =>
      this.cluster.places([topic]).map((place) => [place.partition, this.cluster.bounds(place)] as const);
    return new Map(await this.wire('bounds', look));
  }

  async publish(records: OutRecord[]): Promise<void> {
    if (records.reduce((bytes, record) => bytes + sendBytes(record), 0) > MAX_SEND_BYTES)
      throw Object.assign(new Error('the send is larger than the topic takes'), { type: 'MESSAGE_TOO_LARGE' });
    await this.wire('publish', () => {
      const failure = this.failures.shift();
      if (failure !== 'refused') for (const record of records) this.cluster.append(record);
      if (failure) throw new Error(`the publish was ${failure}`);
    });
  }

  async unsubscribe(): Promise<void> {
    await Promise.all(this.fetchers.splice(0).map((fetcher) => fetcher.stop()));
  }

  async stop(): Promise<void> {
    await this.unsubscribe();
  }

  /** Appends a record as a stranger would. */
  produce(record: Parameters<FakeCluster['append']>[0]) {
    return this.cluster.append(record);
  }

  /** What the client does by itself between batches: see `Fetcher.heartbeat`. */
  heartbeat(): void {
    for (const fetcher of this.fetchers) fetcher.heartbeat();
  }

  /** Fault: this process's partitions go to others, and it is not told. */
  evict(): void {
    for (const { spec, member } of this.fetchers) this.cluster.evict(spec.group, member);
  }
}

/** Nothing is fetched within the step that asks for it. */
const onItsWay: Wire = async (what, run) => {
  const answer = await run();
  if (what === 'fetch') await new Promise((resolve) => setImmediate(resolve));
  return answer;
};
const FETCH_AGAIN_MS = 100;

let members = 0;

interface Position {
  place: Place;
  next: bigint;
  paused: boolean;
  sought: boolean;
}

/** A member: fetches its partitions one after the other and hands the batches on. */
class Fetcher {
  readonly member: Member;
  private positions = new Map<string, Position>();
  private generation = 0;
  private running = true;
  /** Batches being handled. */
  private busy = 0;
  private wake: () => void = () => {};
  private loop: Promise<void> = Promise.resolve();
  /** One assignment after the other. */
  private assigning: Promise<void> = Promise.resolve();

  constructor(
    private readonly cluster: FakeCluster,
    readonly spec: SubscriptionSpec,
    private readonly listener: Listener,
    private readonly wire: Wire,
  ) {
    // Whoever brings it about, it happens in this process.
    const here = AsyncLocalStorage.snapshot();
    const assigned = (places: Place[]) =>
      (this.assigning = this.assigning.then(() => this.wire('assigned', () => {})).then(() => this.assigned(places)));
    this.member = { id: ++members, assigned: (places) => void here(assigned, places), wake: () => this.wake() };
  }

  start(): void {
    this.cluster.join(this.spec.group, this.spec.topics, this.member);
    this.loop = this.run();
  }

  async stop(): Promise<void> {
    this.running = false;
    this.cluster.leave(this.spec.group, this.member);
    this.wake();
    await this.loop;
  }

  private assigned(places: Place[]): void {
    const generation = ++this.generation;
    this.positions = new Map(places.map((place) => [name(place), { place, next: 0n, paused: false, sought: false }]));
    const mine = [...this.positions.values()];
    const all = (paused: boolean) => {
      for (const position of mine) position.paused = paused;
      this.wake();
    };
    const assignment: Assignment = {
      places,
      pause: () => all(true),
      resume: () => all(false),
      seek: (place, next) => this.seek(place, next),
      isCurrent: () => generation === this.generation && this.running,
    };
    this.listener.joined(assignment);
  }

  private seek(place: Place, next: bigint): void {
    const position = this.positions.get(name(place));
    if (!position) return;
    position.next = next;
    position.sought = true;
    this.wake();
  }

  private async run(): Promise<void> {
    while (this.running) {
      const idle = new Promise<void>((resolve) => (this.wake = resolve));
      // Several at once, as the client is told to.
      const fetched = await Promise.all([...this.positions.values()].map((position) => this.fetch(position)));
      const delivered = fetched.includes(true);
      this.listener.fetched();
      if (!delivered && this.running) await idle;
    }
  }

  private async fetch(position: Position): Promise<boolean> {
    if (position.paused || !this.running) return false;
    position.sought = false;
    const known = this.cluster.bounds(position.place);
    // As a long poll: nobody is answered before there is something.
    if (position.next === known.high) return false;
    const answer = await this.wire('fetch', () => this.answer(position)).catch(() => undefined);
    // What happens meanwhile only counts if the partition was paused or sought.
    if (position.paused || position.sought) return false;
    if (!answer) return delay(FETCH_AGAIN_MS).then(() => true);
    const { records, high, end } = answer;
    if (!records.length) {
      // Offsets that hold no record are passed over without a batch.
      if (position.next < end) this.listener.passed(position.place, end);
      position.next = end;
      return false;
    }
    const before = position.next;
    try {
      this.busy++;
      await this.listener.batch(this.batch(position, records, { high, end }));
      this.busy--;
      if (!this.cluster.isMember(this.spec.group, this.member) && this.running) this.rejoin();
    } catch (error) {
      this.listener.crashed(error);
      this.running = false;
    }
    return position.next !== before || position.sought;
  }

  private answer(position: Position) {
    const { low, high } = this.cluster.bounds(position.place);
    // Out of range: on from the beginning of the log, and nobody is told.
    if (position.next < low || position.next > high) position.next = low;
    const records = this.cluster.fetch(position.place, position.next, FETCH_LIMIT);
    return { records, high, end: records.length < FETCH_LIMIT ? high : records.at(-1)!.offset + 1n };
  }

  /** Between two batches: who was evicted finds out, and joins again. */
  heartbeat(): void {
    if (this.running && !this.busy && !this.cluster.isMember(this.spec.group, this.member)) this.rejoin();
  }

  private rejoin(): void {
    this.cluster.join(this.spec.group, this.spec.topics, this.member);
  }

  private batch(position: Position, records: Batch['records'], at: { high: bigint; end: bigint }): Batch {
    const { place } = position;
    return {
      ...place,
      subscription: this.spec.name,
      records,
      highWatermark: at.high,
      end: at.end,
      isStale: () => position.sought || !this.running,
      heartbeat: async () => {
        if (!this.cluster.isMember(this.spec.group, this.member)) throw new Error('the member was evicted');
      },
      resolve: (next) => {
        if (!position.sought) position.next = next;
      },
      seek: (next) => this.seek(place, next),
    };
  }
}

const name = ({ topic, partition }: Place) => `${topic} ${partition}`;

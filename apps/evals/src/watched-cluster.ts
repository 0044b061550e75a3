import { FakeCluster } from '@countersign/messaging';
import type { OutRecord, Topic } from '@countersign/contracts';

type Appended = Parameters<FakeCluster['append']>[0];
export type Placed = ReturnType<FakeCluster['append']>;

const ONE_PARTITION: Topic[] = ['control', 'control-acks', 'audit'];
const PARTITIONS = 4;

/** The cluster of a run, which tells of each record as it is appended. */
export class WatchedCluster extends FakeCluster {
  private readonly known = new WeakSet<object>();

  constructor(private readonly onAppend: (record: Appended, place: Placed) => void) {
    super((topic) => (ONE_PARTITION.includes(topic) ? 1 : PARTITIONS));
  }

  override append(record: Appended): Placed {
    const place = super.append(record);
    this.known.add(record);
    this.onAppend(record, place);
    return place;
  }

  /** Whether this very record was appended. */
  has(record: OutRecord): boolean {
    return this.known.has(record);
  }
}

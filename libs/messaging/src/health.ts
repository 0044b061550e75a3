import { messageOf } from './errors.js';
import type { Batch, Store } from './ports.js';
import { refusedLogin, wordsOf } from './refused-login.js';

/** Ready means progress, not "connected". */
export interface HealthReport {
  ready: boolean;
  /** What is missing when it is not. */
  because: string[];
  /** What a person should look at though it is ready; absent if nothing. */
  notices?: string[];
  lag: number;
  lastFetchAgeMs: number;
  subscriptions: { name: string; joined: boolean; lastFetchAgeMs: number; lag: number }[];
}

const FETCH_LIMIT_MS = 20_000;
const PING_LIMIT_MS = 2000;

interface Seen {
  joined: boolean;
  fetchedAt: number;
  lags: Map<string, bigint>;
}

/** When each subscription last got an answer from the broker, and how far it is behind. */
export class Health {
  private readonly seen: Map<string, Seen>;

  constructor(
    names: string[],
    private readonly store: Store,
    private readonly unready: () => string[] = () => [],
    private readonly notices: () => Promise<string[]> = () => Promise.resolve([]),
  ) {
    this.seen = new Map(names.map((name) => [name, { joined: false, fetchedAt: -Infinity, lags: new Map() }]));
  }

  joined(name: string): void {
    const seen = this.seen.get(name)!;
    seen.joined = true;
    seen.fetchedAt = performance.now();
  }

  left(name: string): void {
    const seen = this.seen.get(name)!;
    seen.joined = false;
    seen.lags.clear();
  }

  fetched(name: string): void {
    this.seen.get(name)!.fetchedAt = performance.now();
  }

  /** A batch begins: all but it is still ahead. */
  seenBatch(name: string, { topic, partition, highWatermark, records }: Batch): void {
    const last = records.at(-1)?.offset ?? highWatermark - 1n;
    this.seen.get(name)!.lags.set(`${topic}/${partition}`, highWatermark - last - 1n);
  }

  async report(): Promise<HealthReport> {
    const subscriptions = [...this.seen].map(([name, { joined, fetchedAt, lags }]) => {
      const lag = [...lags.values()].reduce((sum, one) => sum + Number(one), 0);
      return { name, joined, lag, lastFetchAgeMs: Math.min(performance.now() - fetchedAt, Number.MAX_SAFE_INTEGER) };
    });
    const because = subscriptions.flatMap(({ name, joined, lastFetchAgeMs }) => {
      if (!joined) return [`${name} has not joined its group`];
      return lastFetchAgeMs > FETCH_LIMIT_MS
        ? [`${name} got no answer from the broker for ${Math.round(lastFetchAgeMs)} ms`]
        : [];
    });
    const database = await this.databaseFlaw();
    if (database) because.push(database);
    // Both may say that the database refuses the login.
    because.push(...this.unready().filter((reason) => !because.includes(reason)));
    const notices = database ? [] : await this.notices();
    return {
      ready: because.length === 0,
      because,
      ...(notices.length > 0 && { notices }),
      lag: subscriptions.reduce((sum, { lag }) => sum + lag, 0),
      lastFetchAgeMs: Math.max(0, ...subscriptions.map(({ lastFetchAgeMs }) => lastFetchAgeMs)),
      subscriptions,
    };
  }

  private async databaseFlaw(): Promise<string | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>(
      (_, reject) =>
        (timer = setTimeout(() => reject(new Error(`no answer within ${PING_LIMIT_MS} ms`)), PING_LIMIT_MS)),
    );
    try {
      await Promise.race([this.store.ping(), limit]);
      return undefined;
    } catch (error) {
      const refused = refusedLogin(error);
      return refused ? wordsOf(refused) : `the database does not answer: ${messageOf(error)}`;
    } finally {
      clearTimeout(timer);
    }
  }
}

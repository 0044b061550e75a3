import { createRequire } from 'node:module';

/** What of kafkajs's member of a group is touched here. */
export interface Fetching {
  maxWaitTime: number;
  minBytes: number;
  fetch(nodeId: number): Promise<{ messages: unknown[] }[]>;
}

/** How long a fetch waits at the broker while nothing comes. Leaving, joining and heartbeats wait for it: kafkajs has one connection. */
export const IDLE_FETCH_MS = 500;
/** More than a fetch ever finds: it waits for its time. */
export const UNTIL_THE_TIME_IS_UP = 1_000_000;

const ConsumerGroup = createRequire(import.meta.url)('kafkajs/src/consumer/consumerGroup') as { prototype: Fetching };

/**
 * A consumer that lets records wait at the broker for more (`minBytes` of `UNTIL_THE_TIME_IS_UP`) does so while records come. After a
 * fetch that found none it asks as any other does, to be answered as soon as there is one: a fetch each 50 ms for ever costs its process
 * and the broker more than all else while nothing happens, and what comes first need not wait.
 */
export function lingerWhileRecordsCome(): void {
  const { prototype } = ConsumerGroup;
  const { fetch } = prototype;
  const lingers = new WeakMap<Fetching, { busy: boolean; ms: number }>();
  prototype.fetch = async function (this: Fetching, nodeId) {
    if (!lingers.has(this) && this.minBytes === UNTIL_THE_TIME_IS_UP)
      lingers.set(this, { busy: true, ms: this.maxWaitTime });
    const linger = lingers.get(this);
    if (!linger) return fetch.call(this, nodeId);
    this.maxWaitTime = linger.busy ? linger.ms : IDLE_FETCH_MS;
    this.minBytes = linger.busy ? UNTIL_THE_TIME_IS_UP : 1;
    const batches = await fetch.call(this, nodeId);
    linger.busy = batches.some(({ messages }) => messages.length > 0);
    return batches;
  };
}

import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';

/** What of kafkajs's member of a group is touched here. */
export interface Member {
  cluster: { refreshMetadata(): Promise<void> };
  recoverFromFetch(error: Failure): Promise<void>;
  heartbeat(options: { interval: number }): Promise<void>;
}

/** As kafkajs's errors are. */
export type Failure = Error & { type?: string };

const PAUSE_MS = 100;
const UNREACHABLE = new Set(['KafkaJSConnectionError', 'KafkaJSConnectionClosedError']);

const ConsumerGroup = createRequire(import.meta.url)('kafkajs/src/consumer/consumerGroup') as { prototype: Member };

/**
 * A consumer of kafkajs that cannot reach one broker of several stops reading from all of them, and asks nobody who leads its partitions now until
 * what it knows is a minute old, or that broker is there again. Its heartbeats go to a coordinator that is gone, in the same way. Here
 * it looks again at once who leads, reads on from the others meanwhile, and joins its group anew where that one's coordinator is now.
 */
export function leaveLostBrokers(): void {
  const { prototype } = ConsumerGroup;
  const { recoverFromFetch, heartbeat } = prototype;
  prototype.recoverFromFetch = async function (this: Member, error) {
    if (error.name !== 'KafkaJSConnectionError') return recoverFromFetch.call(this, error);
    await delay(PAUSE_MS);
    await this.cluster.refreshMetadata();
  };
  prototype.heartbeat = async function (this: Member, options) {
    try {
      await heartbeat.call(this, options);
    } catch (error) {
      const { name, message } = error as Failure;
      if (!UNREACHABLE.has(name)) throw error;
      // What the runner joins anew for.
      throw Object.assign(new Error(message, { cause: error }), { name, type: 'NOT_COORDINATOR_FOR_GROUP' });
    }
  };
}

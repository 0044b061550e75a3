import { createRequire } from 'node:module';

/** What of kafkajs's queue of requests (one a connection) is touched here. */
export interface RequestQueue {
  pending: unknown[];
  scheduleCheckPendingRequests(): void;
}

const RequestQueue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as {
  prototype: RequestQueue;
};

/**
 * kafkajs 2.2.4 looks through each connection's queue every millisecond for ever, once a first answer came, whether anything waits in it
 * or not (tulios/kafkajs#1556, #1704): 4 % of a core in every process that does nothing. Now it looks again only while something waits,
 * and what is put in later (while the broker throttles) arranges for that itself.
 */
export function restQueues(): void {
  const { prototype } = RequestQueue;
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length > 0) schedule.call(this);
  };
}

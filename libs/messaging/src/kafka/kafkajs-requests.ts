/*
 * What kafkajs 2.2.4 spends most on is the form of records: 512 zeroed bytes and a few small buffers for each header it writes, a copy of
 * all headers before it for each header it reads, a batch with its promises for each partition that had nothing. The two versions that
 * every broker of today agrees on (Produce 7, Fetch 11; KIP-98's record batches, no compression) are therefore written and read in one go,
 * by `record-writer.ts` and `record-reader.ts`. The rest is kafkajs as it is.
 *
 *  1  What is written is byte for byte what kafkajs writes; what is read is what kafkajs reads.
 *  2  Whatever is of another kind (another version, compression, a producer's transaction, values that are no text) is left to kafkajs.
 *  3  A partition that had nothing new and says nothing of itself is left out: nobody is told of it.
 */
import { createRequire } from 'node:module';

export const load = createRequire(import.meta.url);

/** A request's bytes, as kafkajs hands them on. */
export interface Encoded {
  buf: Buffer;
  offset: number;
}

/** How kafkajs writes one kind of request, and reads its answer. */
export interface Definition<Ask, Decoded> {
  protocol(of: { version: number }): (ask: Ask) => {
    request: { encode: () => Promise<Encoded> };
    response: { decode: (raw: Buffer) => Promise<Decoded>; parse: unknown };
  };
}

/** kafkajs asks here each time it sends. */
export const { requests } = load('kafkajs/src/protocol/requests') as {
  requests: Record<'Produce' | 'Fetch', Definition<never, unknown>>;
};

/** Magic of the only form of batches since Kafka 0.11. */
export const MAGIC = 2;

import { decodeRecord, topicName, type CloudEvent, type HeaderValue } from '@countersign/contracts';
import { readLog, type ReadLog } from '@countersign/messaging';
import { checkSignature, type KeyRing } from '@countersign/signing';
import type { Outside } from './trees.js';

/** Far more than stand between two checkpoints: audit signs one every ten seconds at least. */
const LAST = 500;

/** The newest checkpoint event on the topic that audit signed for this system, wherever it stands: an older one can come again, or late. */
export async function lastOutside(
  parts: Pick<ReadLog, 'kafka' | 'log'> & { prefix: string; ring: KeyRing; system: string },
): Promise<Outside | undefined> {
  const { kafka, log, prefix } = parts;
  const ask = { kafka, log, topic: topicName('audit', prefix), group: `${prefix}-audit-checkpoints` };
  for (const limit of [{ last: LAST }, {}]) {
    let found: Outside | undefined;
    let read = 0;
    await readLog({ ...ask, ...limit }, (message, partition) => {
      read++;
      found = newer(found, checkpointOf(message, partition, parts));
    });
    if (found || read < LAST) return found;
  }
  return undefined;
}

export const newer = (one: Outside | undefined, other: Outside | undefined): Outside | undefined =>
  !one || (other && other.leaves > one.leaves) ? other : one;

type Message = Parameters<Parameters<typeof readLog>[1]>[0];

function checkpointOf(message: Message, partition: number, { ring, system }: { ring: KeyRing; system: string }) {
  const { key, value, offset, timestamp } = message;
  const headers = (message.headers ?? {}) as Record<string, HeaderValue>;
  if (String(headers['ce_type']) !== 'countersign.audit.checkpoint.v1') return undefined;
  const record = {
    topic: 'audit' as const,
    partition,
    offset: BigInt(offset),
    timestamp: Number(timestamp),
    key,
    value,
    headers,
  };
  const incoming = decodeRecord(record);
  if (!checkSignature(ring, 'audit', incoming).ok) return undefined;
  const { data } = incoming.event as CloudEvent<'countersign.audit.checkpoint.v1'>;
  return data.checkpoints[0]!.note.startsWith(`${system}/`) ? data : undefined;
}

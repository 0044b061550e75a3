import { MAX_VALUE_BYTES, type OutRecord } from '@countersign/contracts';

/** Key and headers together: attributes, a token, a signature. Far below what is left of the broker's 4 MiB. */
const MAX_BESIDE_BYTES = 256 * 1024;

const besideBytes = ({ key, headers }: OutRecord): number => {
  let bytes = Buffer.byteLength(key);
  for (const name of Object.keys(headers)) bytes += Buffer.byteLength(name) + Buffer.byteLength(headers[name]!);
  return bytes;
};

/** What a record costs in a send: its value, key and headers. */
export const sendBytes = (record: OutRecord): number => Buffer.byteLength(record.value) + besideBytes(record);

/** Throws a RangeError for a record that the broker would refuse for ever, or that no reader would take. */
export function assertSendable(record: OutRecord): void {
  const name = record.headers['ce_type'] ?? record.topic;
  const value = Buffer.byteLength(record.value);
  if (value > MAX_VALUE_BYTES)
    throw new RangeError(`${name} has ${value} bytes, at most ${MAX_VALUE_BYTES} are published`);
  const beside = besideBytes(record);
  if (beside > MAX_BESIDE_BYTES)
    throw new RangeError(`${name} has ${beside} bytes of key and headers, at most ${MAX_BESIDE_BYTES} are published`);
}

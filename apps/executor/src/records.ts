import type { RecordRead } from '@countersign/contracts';
import type { Ending } from './state.js';

/** The same record, whatever its version. */
export const isSame = (one: RecordRead, other: RecordRead): boolean =>
  one.system === other.system && one.type === other.type && one.id === other.id;

/** Each record at each version once, as it was first read. */
export function union(...lists: readonly (readonly RecordRead[])[]): RecordRead[] {
  const known = new Map<string, RecordRead>();
  for (const record of lists.flat()) {
    const key = JSON.stringify([record.system, record.type, record.id, record.version]);
    if (!known.has(key)) known.set(key, record);
  }
  return [...known.values()];
}

/** An ending that tells of what was read before it as well. */
export function alsoRead(ending: Ending, before: readonly RecordRead[]): Ending {
  if (before.length === 0 || ending.tag === 'void' || ending.tag === 'left' || ending.tag === 'blocked') return ending;
  if (ending.tag === 'in-doubt' || ending.tag === 'resolved')
    return { ...ending, recordsRead: union(before, ending.recordsRead ?? []) };
  return { ...ending, recordsRead: union(before, ending.recordsRead) };
}

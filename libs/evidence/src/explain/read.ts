import type { RecordRead } from '@countersign/contracts';
import { said, type Said } from './said.js';
import { recordText } from './says.js';
import { denialsOf, type Stored, type Story } from './story.js';

/** The records it rests on, each once, with the events that read it. */
export function recordsRead(story: Story): { record: RecordRead; from: Stored[] }[] {
  const found = new Map<string, { record: RecordRead; from: Stored[] }>();
  for (const stored of [...story.earlierReads, ...story.results] as Stored[])
    for (const record of readIn(stored)) {
      const known = found.get(recordText(record));
      if (known) known.from.push(stored);
      else found.set(recordText(record), { record, from: [stored] });
    }
  return [...found.values()];
}

const readIn = ({ event }: Stored): RecordRead[] =>
  'recordsRead' in event.data && Array.isArray(event.data.recordsRead) ? event.data.recordsRead : [];

/** A statement a record. */
export function read(story: Story): Said[] {
  const records = recordsRead(story);
  if (records.length > 0) return records.map(({ record, from }) => said(recordText(record), ...from));
  const denials = denialsOf(story);
  const ran = [...story.results, ...denials] as Stored[];
  return ran.length > 0 ? [said('The stored results name no record', ...ran)] : [];
}

import type { GetV1AuditVerifyResponse } from '../../api/generated/index.js';

export type Stretch = GetV1AuditVerifyResponse;
export type Finding = Stretch['findings'][number];

/** A check of the store, stretch by stretch. What broke off has found nothing out about the rest. */
export type Check =
  | { tag: 'idle' }
  | { tag: 'checking'; checked: number; size: number; found: Found }
  | { tag: 'done'; last: Stretch; found: Found }
  | { tag: 'broken-off'; checked: number; size: number; found: Found; error: unknown };

export interface Found {
  findings: Finding[];
  /** Found beyond those that are listed. */
  more: number;
  archived: number;
  since: string | null;
}

export const NOTHING: Found = { findings: [], more: 0, archived: 0, since: null };

export const foundWith = (found: Found, { findings, more, archived, since }: Stretch): Found => ({
  findings: [...found.findings, ...findings],
  more: found.more + more,
  archived: found.archived + archived,
  since: found.since ?? since,
});

/** As docs/tamper-evidence.md has them. */
const KINDS: Record<string, string> = {
  changed: 'A record was changed',
  deleted: 'A record is missing',
  inserted: 'A record was put in',
  reordered: 'Records change places',
  rewritten: 'Records were rewritten together with their leaves',
  truncated: 'The end was cut off',
  forked: 'Two histories were signed',
  unsigned: 'Something is not signed by audit',
  malformed: 'Something is no record',
};
export const kindWords = (kind: unknown): string => KINDS[String(kind)] ?? String(kind);

export interface Said {
  tone: 'good' | 'bad' | 'warn';
  title: string;
  words: string;
}

/** The verdict in words. Whatever was not looked at is not called good. */
export function saidOf(check: Exclude<Check, { tag: 'idle' | 'checking' }>): Said {
  const count = check.found.findings.length + check.found.more;
  if (count > 0) {
    const title = count === 1 ? 'One thing is not as it was signed' : `${count} things are not as they were signed`;
    const words = 'Export the records now and keep the file: it shows what was found to anybody who has audit’s key.';
    return { tone: 'bad', title, words };
  }
  if (check.tag === 'broken-off') {
    const words = `The check broke off after ${records(check.checked)} of ${check.size.toLocaleString('en')}. Of the rest nothing is known.`;
    return { tone: 'warn', title: 'Unknown: the check did not come to its end', words };
  }
  const { size } = check.last;
  if (size === 0)
    return { tone: 'warn', title: 'Nothing is signed yet', words: 'Records are signed a second after they come.' };
  const { archived } = check.found;
  const apart = archived > 0 ? ` ${records(archived)} of them stand in archives, which are checked as files.` : '';
  const words = `${records(size)} are the ones that were stored, in their order, none missing and none put in.${apart}`;
  return { tone: 'good', title: 'Nothing was altered', words };
}

export const records = (count: number): string => `${count.toLocaleString('en')} ${count === 1 ? 'record' : 'records'}`;

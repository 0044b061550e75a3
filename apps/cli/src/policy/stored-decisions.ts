import { segment, type Api } from '../api.js';
import type { Page } from '../commands/paging.js';
import { decisionsIn, type Decision, type StoredRecord } from './decisions.js';

interface TraceLine {
  intentId: string;
  workflow: string | null;
  actions: unknown[];
}

const PAGE = 200;
const AT_ONCE = 8;

/** The records of one trace that prove to be what they say. */
export async function recordsOf(api: Api, intentId: string): Promise<StoredRecord[]> {
  return (await api.call<{ records: StoredRecord[] }>(`/v1/traces/${segment(intentId)}`)).records;
}

/** The decisions of each trace of a workflow that began since then, as far as the caller may see them, page by page. */
export async function* decisionsSince(
  api: Api,
  { from, workflow }: { from: string; workflow: string },
): AsyncGenerator<{ traces: number; decisions: Decision[][] }> {
  let cursor: string | undefined;
  do {
    const query = { from, limit: PAGE, cursor };
    const page = await api.call<Page<TraceLine>>('/v1/traces', { query });
    const own = page.data.filter((line) => line.workflow === workflow && line.actions.length > 0);
    const decisions: Decision[][] = [];
    for (let at = 0; at < own.length; at += AT_ONCE) {
      const some = own.slice(at, at + AT_ONCE).map(({ intentId }) => recordsOf(api, intentId));
      decisions.push(...(await Promise.all(some)).map(decisionsIn));
    }
    yield { traces: page.data.length, decisions };
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}

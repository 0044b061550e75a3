import { useSyncExternalStore } from 'react';
import { queryClient } from '../app/query-client.js';

/** What asked again means for each kind of change: the operations of the API whose answers may be others now. */
const ASKED_AGAIN: Record<string, readonly string[]> = {
  approvals: ['getV1Approvals', 'getV1ApprovalsId'],
  actions: ['getV1ActionsId', 'getV1IntentsId', 'getV1Drafts', 'getV1InDoubt'],
  traces: [
    ...['getV1Traces', 'getV1TracesFacets', 'getV1TracesIntentId', 'getV1TracesIntentIdOutline'],
    'getV1ActionsIdExplanation',
  ],
  control: ['getV1Control', 'getV1Workflows', 'getV1Tools', 'getV1EvalsRuns'],
  incidents: ['getV1Incidents', 'getV1IncidentsId'],
};
/** However much happens, the page asks again this often at most. */
const EVERY_MS = 1_000;

export type Liveness = 'connecting' | 'live' | 'lost';

let liveness: Liveness = 'connecting';
const listeners = new Set<() => void>();
function become(now: Liveness): void {
  if (now === liveness) return;
  liveness = now;
  for (const listener of listeners) listener();
}

/** Whether changes are heard of. */
export const useLiveness = (): Liveness =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => liveness,
  );

/** The kinds of change that a message tells of; nothing of one that can't be read. */
export function kindOf(data: unknown): string | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    const { kind } = JSON.parse(data) as { kind?: unknown };
    return typeof kind === 'string' && kind in ASKED_AGAIN ? kind : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Listens to `GET /v1/stream`, whose events say that something changed and never what, and asks again for what is shown. The browser
 * connects again by itself and says where it was.
 *
 * @returns a function that stops listening
 */
export function listen(): () => void {
  const source = new EventSource('/v1/stream');
  const changed = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    timer = undefined;
    const operations = new Set([...changed].flatMap((kind) => ASKED_AGAIN[kind] ?? []));
    changed.clear();
    void queryClient.invalidateQueries({ predicate: ({ queryKey }) => operations.has(operationOf(queryKey)) });
  };
  const mark = (kind: string) => {
    changed.add(kind);
    timer ??= setTimeout(flush, EVERY_MS);
  };
  source.addEventListener('open', () => become('live'));
  source.addEventListener('hello', () => become('live'));
  source.addEventListener('changed', ({ data }) => {
    const kind = kindOf(data);
    if (kind) mark(kind);
  });
  source.addEventListener('reset', () => Object.keys(ASKED_AGAIN).forEach(mark));
  source.addEventListener('error', () => become('lost'));
  return () => {
    source.close();
    clearTimeout(timer);
    become('connecting');
  };
}

/** The generated client's query keys begin with an object that names the operation. */
const operationOf = ([first]: readonly unknown[]): string =>
  typeof first === 'object' && first !== null && '_id' in first && typeof first._id === 'string' ? first._id : '';

import { useSyncExternalStore } from 'react';
import { queryClient } from '../app/query-client.js';
import { sessionQuery } from './session.js';

/** What asked again means for each kind of change: the operations of the API whose answers may be others now. */
const ASKED_AGAIN: Record<string, readonly string[]> = {
  approvals: ['getV1Approvals', 'getV1ApprovalsId'],
  actions: [
    ...[
      'getV1ActionsId',
      'getV1IntentsId',
      'getV1Drafts',
      'getV1InDoubt',
      'getV1Incidents',
      'getV1ActionsIdExplanation',
    ],
    ...['getV1Traces', 'getV1TracesFacets', 'getV1TracesIntentId', 'getV1TracesIntentIdOutline'],
  ],
  control: ['getV1Control', 'getV1Workflows', 'getV1Tools', 'getV1EvalsRuns'],
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
    return typeof kind === 'string' && Object.hasOwn(ASKED_AGAIN, kind) ? kind : undefined;
  } catch {
    return undefined;
  }
}

/** So long it may be away before that is said: a page that is opened is not live at once, and a gateway that restarts is soon back. */
const LOST_AFTER_MS = 5_000;

/**
 * Listens while the page is seen. A browser holds six connections to one origin, so pages in hidden tabs hold none: what is shown again
 * asks everything again.
 *
 * @returns a function that stops listening
 */
export function listen(): () => void {
  let stop: (() => void) | undefined;
  const look = () => {
    const isSeen = document.visibilityState === 'visible';
    if (isSeen) stop ??= listenNow();
    else stop = void stop?.();
  };
  look();
  document.addEventListener('visibilitychange', look);
  return () => {
    document.removeEventListener('visibilitychange', look);
    stop?.();
  };
}

/**
 * Listens to `GET /v1/stream`, whose events say that something changed and never what, and asks again for what is shown. The browser
 * connects again by itself and says where it was; where it was refused, this does, and asks who is signed in.
 */
function listenNow(): () => void {
  const changed = new Set<string>();
  let flushing: ReturnType<typeof setTimeout> | undefined;
  let losing: ReturnType<typeof setTimeout> | undefined;
  let opening: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    flushing = undefined;
    const operations = new Set([...changed].flatMap((kind) => ASKED_AGAIN[kind] ?? []));
    changed.clear();
    void queryClient.invalidateQueries({ predicate: ({ queryKey }) => operations.has(operationOf(queryKey)) });
  };
  const mark = (kind: string) => {
    changed.add(kind);
    flushing ??= setTimeout(flush, EVERY_MS);
  };
  const heard = () => {
    clearTimeout(losing);
    losing = undefined;
    become('live');
  };
  const open = () => {
    const made = new EventSource('/v1/stream');
    const all = () => Object.keys(ASKED_AGAIN).forEach(mark);
    // What was asked before it listened may have changed in between.
    made.addEventListener('hello', all, { once: true });
    made.addEventListener('hello', heard);
    made.addEventListener('changed', ({ data }) => {
      const kind = kindOf(data);
      if (kind) mark(kind);
    });
    made.addEventListener('reset', () => {
      heard();
      all();
    });
    made.addEventListener('error', () => {
      losing ??= setTimeout(() => become('lost'), LOST_AFTER_MS);
      if (made.readyState !== EventSource.CLOSED) return;
      void queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey });
      opening = setTimeout(() => (source = open()), LOST_AFTER_MS);
    });
    return made;
  };
  let source = open();
  return () => {
    source.close();
    for (const timer of [flushing, losing, opening]) clearTimeout(timer);
    become('connecting');
  };
}

/** The generated client's query keys begin with an object that names the operation. */
const operationOf = ([first]: readonly unknown[]): string =>
  typeof first === 'object' && first !== null && '_id' in first && typeof first._id === 'string' ? first._id : '';

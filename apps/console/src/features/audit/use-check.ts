import { useEffect, useRef, useState } from 'react';
import { getV1AuditVerify } from '../../api/generated/index.js';
import { foundWith, NOTHING, type Check, type Found, type Stretch } from './verdict.js';

const STRETCH = 20_000;

/** Checks the store, one stretch after the other, and tells how far it is. */
export function useCheck(): { check: Check; begin: () => void; stop: () => void } {
  const [check, setCheck] = useState<Check>({ tag: 'idle' });
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  const begin = () => {
    running.current?.abort();
    running.current = new AbortController();
    void goThrough(running.current.signal, setCheck);
  };
  const stop = () => {
    running.current?.abort();
    setCheck({ tag: 'idle' });
  };
  return { check, begin, stop };
}

async function goThrough(signal: AbortSignal, told: (check: Check) => void): Promise<void> {
  let [from, size, found]: [number, number, Found] = [0, 0, NOTHING];
  told({ tag: 'checking', checked: from, size, found });
  try {
    for (;;) {
      const { data } = await getV1AuditVerify({ query: { from, limit: STRETCH }, signal, throwOnError: true });
      const stretch: Stretch = data;
      found = foundWith(found, stretch);
      size = stretch.size;
      if (stretch.next === null) return told({ tag: 'done', last: stretch, found });
      from = stretch.next;
      told({ tag: 'checking', checked: from, size, found });
    }
  } catch (error) {
    if (!signal.aborted) told({ tag: 'broken-off', checked: from, size, found, error });
  }
}

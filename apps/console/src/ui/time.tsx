import { Text, Tooltip } from '@mantine/core';
import { useEffect, useState } from 'react';
import { exact, relative } from './relative-time.js';

/** A point in time as people say it; the exact one on hover and focus, and for machines. */
export function Time({ at }: { at: string }) {
  const now = useNow(30_000);
  return (
    <Tooltip label={exact(at)} events={{ hover: true, focus: true, touch: true }}>
      <Text component="time" dateTime={at} span inherit tabIndex={0}>
        {relative(at, now)}
      </Text>
    </Tooltip>
  );
}

/** The time, as often as asked. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

import { Alert } from '@mantine/core';
import { useNetwork } from '@mantine/hooks';
import { useLiveness } from '../api/stream.js';

/** Says so while what is shown may be old. */
export function OfflineNotice() {
  const { online } = useNetwork();
  const liveness = useLiveness();
  const says = !online
    ? 'You are offline. What is shown is as it last was.'
    : liveness === 'lost'
      ? 'The connection to the gateway is lost; trying again. What is shown may be old.'
      : undefined;
  return (
    <div aria-live="polite">
      {says && (
        <Alert color="yellow" radius={0} title="Not live">
          {says}
        </Alert>
      )}
    </div>
  );
}

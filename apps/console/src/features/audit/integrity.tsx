import { Stack } from '@mantine/core';
import { EventProof } from './event-proof.js';
import { ExportRecords } from './export-records.js';
import { VerifyStore } from './verify-store.js';

/** That nothing was altered: the whole store, one event, and a file that proves it elsewhere. */
export function Integrity() {
  return (
    <Stack gap="md">
      <VerifyStore />
      <EventProof />
      <ExportRecords />
    </Stack>
  );
}

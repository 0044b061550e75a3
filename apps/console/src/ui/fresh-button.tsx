import { Button } from '@mantine/core';
import { IconArrowUp } from '@tabler/icons-react';

/** "7 new": what has come since, shown when asked for and announced politely. */
export function FreshButton({ fresh, onClick }: { fresh: number; onClick: () => void }) {
  return (
    <div aria-live="polite">
      {fresh > 0 && (
        <Button size="compact-sm" variant="light" leftSection={<IconArrowUp size={14} aria-hidden />} onClick={onClick}>
          {`${fresh} new`}
        </Button>
      )}
    </div>
  );
}
